// The plots, curves and layers of report.html of many runs. Its numbers are the JSON in #data, of
// which page_data.h says what is where. Before it goes chart.js, after it table.js.
const kMostPicked = 8, kMostColumns = 40, kDash = '–', kAll = '\u0001';
const $ = (id) => document.getElementById(id);

let data = JSON.parse($('data').textContent);
let groups = [], measures = {}, colours = new Map();
const state = {x: data.x, colour: data.colour, stable: 'stability', heat: 'kept', only: null,
  where: {}, words: '', picked: null, open: new Set(), sort: null, down: false};

// --- what there is -------------------------------------------------------------------------------
const unique = (values) => [...new Set(values)];
function before(a, b) {  // numbers by size, before other texts
  const [x, y] = [a, b].map((one) => one === '' || one == null ? NaN : Number(one));
  if (!isNaN(x) && !isNaN(y)) return x - y;
  if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
  return String(a ?? '').localeCompare(String(b ?? ''));
}
function summary(all) {
  const values = all.filter((value) => value != null), n = values.length;
  if (!n) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const std = n > 1 ? Math.sqrt(squares / (n - 1)) : null;
  return {n, mean, std, min: Math.min(...values), max: Math.max(...values)};
}
const numberText = (name, value) => value == null ? kDash :
  (value * measures[name].s).toFixed(measures[name].d);
function summaryText(name, s) {
  if (!s) return kDash;
  return numberText(name, s.mean) + (s.max > s.min ? ` ± ${numberText(name, s.std)}` : '');
}
const valueOf = (group, key) => group.set[key] ?? '';
const settings = (group, keys = data.keys) =>
  keys.map((key) => [key, group.set[key]]).filter(([, value]) => value != null);
const nameOf = (group, keys = data.keys) =>
  settings(group, keys).map(([, value]) => value).join(' · ') || 'all';

function prepare() {
  measures = Object.fromEntries(data.measures.map((measure, i) => [measure.n, {...measure, i}]));
  groups = data.groups.map((group) => {
    const set = Object.fromEntries(data.keys.map((key, i) => [key, group.s[i]]));
    const m = Object.fromEntries(data.measures.map((measure, i) =>
      [measure.n, summary(group.r.map((run) => run[2][i]))]));
    const words = settings({set}).map((pair) => pair.join('='));
    words.push(...group.r.map((run) => run[0]));
    return {...group, set, m, key: group.s.join(kAll), words: words.join(' ').toLowerCase()};
  });
  colour();
  state.picked ??= new Set(firstPicked().map((group) => group.key));
}
function colour() {
  const values = unique(groups.map((group) => valueOf(group, state.colour))).sort(before);
  colours = new Map(values.map((value, i) => [value, i]));
}
// The best of each colour at the sparsity that most groups have, the highest of these.
function firstPicked() {
  const at = (group) => Math.round(1000 * (group.m.sparsity?.mean ?? 0)), counts = new Map();
  for (const group of groups) counts.set(at(group), (counts.get(at(group)) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [];
  const best = new Map();
  for (const group of groups.filter((one) => at(one) === most && one.m.top1)) {
    const value = valueOf(group, state.colour), known = best.get(value);
    if (!known || group.m.top1.mean > known.m.top1.mean) best.set(value, group);
  }
  return [...best.values()].slice(0, kMostPicked);
}
const shown = () => groups.filter((group) =>
  Object.entries(state.where).every(([key, value]) => valueOf(group, key) === value) &&
  state.words.split(/\s+/).every((word) => group.words.includes(word)));

// --- drawing -------------------------------------------------------------------------------------
// What is near the screen at once, the rest when it comes there: a thousand runs take their time.
const near = new Set(['tradeoff']), stale = new Set();
const watcher = new IntersectionObserver((entries) => {
  for (const {target, isIntersecting} of entries)
    isIntersecting ? near.add(target.id) : near.delete(target.id);
  freshen();
}, {rootMargin: '600px'});
function freshen(all = false) {
  const focus = document.activeElement?.dataset?.id;
  for (const id of [...stale].filter((one) => all || near.has(one))) {
    stale.delete(id);
    kDrawers[id]();
  }
  // What is drawn anew keeps the keyboard where it was.
  if (focus && document.activeElement?.dataset?.id !== focus)
    document.querySelector(`[data-id="${CSS.escape(focus)}"]`)?.focus({preventScroll: true});
}
function draw(...ids) {
  for (const id of ids.length ? ids : Object.keys(kDrawers)) stale.add(id);
  freshen();
}
function say(text) { $('said').textContent = text; }
function pick(group) {
  if (state.picked.has(group.key)) state.picked.delete(group.key);
  else if (state.picked.size < kMostPicked) state.picked.add(group.key);
  else say(`No more than ${kMostPicked} configurations have curves at a time.`);
  draw('tradeoff', 'curves', 'stability', 'results');
}
function isolate(value) {
  state.only = state.only === value ? null : value;
  draw('tradeoff', 'stability');
}
function select(id, label, value, options, change) {
  const box = html('select', {'data-id': id, onchange: (event) => change(event.target.value)});
  for (const [name, text] of options)
    box.append(html('option', {value: name, selected: name === value}, text));
  return html('label', {}, `${label} `, box);
}
const known = (names) => names.filter((name) => measures[name])
  .map((name) => [name, measures[name].h]);
const controls = (section, ...children) =>
  section.querySelector('.controls').replaceChildren(...children);

// --- plots of measures ---------------------------------------------------------------------------
function spotText(group, x, y) {
  const s = group.m[y], seeds = group.r.slice(0, 10)
    .map((run) => `${run[1]}: ${numberText(y, run[2][measures[y].i])}`);
  return [`${measures[y].h} ${summaryText(y, s)} (${s.n})`,
    s.max > s.min ? `from ${numberText(y, s.min)} to ${numberText(y, s.max)}` : null,
    `${measures[x].h} ${numberText(x, group.m[x].mean)}`,
    ...settings(group).map((pair) => pair.join(' = ')),
    `seed ${seeds.join(', ')}${group.r.length > 10 ? ' …' : ''}`].filter((text) => text);
}
// Lines join what differs only in settings that move it over x.
function linesOver(x, y) {
  const lines = new Map();
  for (const group of shown().filter((one) => one.m[x] && one.m[y])) {
    const fixed = data.keys.filter((key) => !data.drivers[x].includes(key));
    const name = JSON.stringify(fixed.map((key) => group.set[key]));
    const value = valueOf(group, state.colour), s = group.m[y], scale = measures[y].s;
    const dim = state.only != null && state.only !== value;
    if (!lines.has(name)) lines.set(name, {colour: colours.get(value), dim, spots: []});
    lines.get(name).spots.push({x: measures[x].s * group.m[x].mean, y: scale * s.mean,
      low: scale * s.min, high: scale * s.max, group, picked: state.picked.has(group.key),
      text: () => spotText(group, x, y)});
  }
  for (const line of lines.values()) line.spots.sort((a, b) => a.x - b.x);
  return [...lines.values()].sort((a, b) => a.colour - b.colour);
}
function plot(section, id, x, y) {
  const figure = section.querySelector('figure'), lines = linesOver(x, y);
  const s = summary(lines.flatMap((line) => line.spots.map((spot) => spot.x)));
  const log = x !== 'sparsity' && s && s.min > 0 && s.max > 20 * s.min;
  chart(figure, {id, title: `${measures[y].h} over ${measures[x].h}`, lines, log, marks: true, say,
    help: 'Left and right go along a line, up and down to others, Enter shows the curves.',
    xLabel: measures[x].a + (log ? ' (logarithmic)' : ''), yLabel: measures[y].a,
    pick: (spot) => pick(spot.group)});
  if (state.colour) figure.prepend(legend(`${id}-only`));
}
function legend(id) {
  const entries = [...colours].map(([value, i]) => html('button', {type: 'button',
    'data-id': `${id}-${value}`, 'aria-pressed': String(state.only === value),
    title: 'Show only these; again: all', onclick: () => isolate(value)},
  svg('svg', {class: 'plot', viewBox: '0 0 26 12', width: 26, height: 12, 'aria-hidden': 'true'},
    svg('path', {class: `line c${i % kColours}`, d: 'M0 6h26'}), mark(i % kColours, 13, 6)),
  value || kDash));
  return html('div', {class: 'legend', role: 'group', 'aria-label': `Lines by ${state.colour}`},
    html('span', {}, state.colour), ...entries);
}
function drawTradeoff() {
  const section = $('tradeoff');
  const over = ['sparsity', 'theoretical_speedup', 'retrain_epochs', 'epochs', 'seconds',
    'time_ratio'];
  controls(section,
    select('x', 'over', state.x, known(over), (value) => { state.x = value; draw('tradeoff'); }),
    select('colour', 'lines coloured by', state.colour, data.keys.map((key) => [key, key]),
      (value) => {
        Object.assign(state, {colour: value, only: null});
        colour();
        draw('tradeoff', 'stability');
      }));
  if (measures.top1 && measures[state.x]) plot(section, 'plot', state.x, 'top1');
}
function drawStability() {
  const section = $('stability'), names = known(['stability', 'increase', 'pruned_top1']);
  if (!measures[state.stable]) state.stable = names[0][0];
  controls(section, select('stable', 'show', state.stable, names,
    (value) => { state.stable = value; draw('stability'); }));
  plot(section, 'stable-plot', 'sparsity', state.stable);
}

// --- curves --------------------------------------------------------------------------------------
// Over the epochs of all stages of a run; what pruning did stands where it happened.
function along(run, of) {
  const spots = [];
  let begin = 0;
  for (const stage of run[3].map((i) => data.stages[i])) {
    const [x, y] = (stage[of] ?? []).map((i) => data.arrays[i]);
    if (x) x.forEach((at, i) => spots.push({x: begin + at, y: y[i], gap: of === 'r' && i === 0}));
    else if (of === 'a' && stage.t != null) spots.push({x: begin + stage.e, y: stage.t});
    begin += stage.e;
  }
  return spots;
}
function drawCurves() {
  const section = $('curves'), picked = groups.filter((group) => state.picked.has(group.key));
  const telling = data.keys.filter((key) => unique(picked.map((one) => one.set[key])).length > 1);
  const name = (group) => nameOf(group, telling.length ? telling : data.keys);
  const chips = picked.map((group, i) => html('button', {type: 'button', class: 'chip',
    'data-id': `chip-${group.key}`, title: 'Take it away', onclick: () => pick(group)},
  html('i', {class: `swatch b${i % kColours}`}), `${name(group)} ×`));
  controls(section, html('span', {class: 'soft'}, picked.length ?
    'Of these; a click takes one away, points of the plot and boxes of the table add others:' :
    'Choose some: points of the plot above, or boxes of the table below.'), ...chips);
  const figures = section.querySelectorAll('figure');
  const kinds = [['a', 'Test accuracy', 'test accuracy (top-1), %'],
    ['r', 'Learning rate', 'learning rate']];
  kinds.forEach(([of, title, yLabel], at) => {
    const lines = picked.flatMap((group, i) => group.r.map((run) => ({colour: i,
      spots: along(run, of).map((spot) => ({...spot, text: () => [
        `${yLabel} ${Number(spot.y.toPrecision(4))}`, `after ${Number(spot.x.toFixed(2))} epochs`,
        name(group), `seed ${run[1]}`]}))}))).filter((line) => line.spots.length);
    figures[at].hidden = !lines.length;
    if (lines.length)
      chart(figures[at], {id: `curve-${of}`, title, lines, yLabel, say,
        xLabel: 'epochs of all stages',
        help: 'Left and right go along a curve, up and down to others.'});
  });
}

// --- layers --------------------------------------------------------------------------------------
// A column for each pruning among the configurations shown, however many of these share it.
function prunings() {
  const columns = new Map();
  for (const group of shown().filter((one) => one.l != null)) {
    if (!columns.has(group.l)) columns.set(group.l, []);
    columns.get(group.l).push(group);
  }
  return columns;
}
// By the settings that each column has one value of, if these tell columns apart; else by all.
function columnLabels(columns) {
  const values = (own, key) => unique(own.map((group) => group.set[key] ?? kDash)).join('/');
  const differing = data.keys.filter((key) =>
    unique(columns.map((own) => values(own, key))).length > 1);
  const single = differing.filter((key) =>
    columns.every((own) => unique(own.map((group) => group.set[key])).length === 1));
  const named = (keys) => columns.map((own) => keys.map((key) => values(own, key)).join(' · '));
  const keys = unique(named(single)).length === columns.length ? single : differing;
  return {keys, names: named(keys)};
}
function layerCell(layer, kept, left, part) {
  const strength = part > 0 ? Math.max(.04, 1 + Math.log10(part) / 3) : 0;  // a thousandth is pale
  const count = (value) => Math.round(value).toLocaleString('en');
  const title = `${layer.name}: ${count(kept)} of ${count(layer.of)} weights, ` +
    `${count(left)} of ${count(layer.macs)} multiply-adds`;
  const cell = html('td', {title});
  cell.style.setProperty('--v', strength.toFixed(3));
  return cell;
}
function drawLayers() {
  const section = $('layers'), all = prunings();
  const table = section.querySelector('.wide');
  if (!all.size) {
    table.replaceChildren(html('p', {class: 'soft'}, 'Nothing of these was pruned by layers.'));
    return;
  }
  const set = data.kept[all.keys().next().value][0], of = data.layers[set];
  const columns = [...all].filter(([l]) => data.kept[l][0] === set).slice(0, kMostColumns);
  const labels = columnLabels(columns.map(([, own]) => own));
  controls(section, select('heat', 'show', state.heat, [['kept', 'weights kept, % of each layer'],
    ['macs', 'multiply-adds left, % of all that are left']],
  (value) => { state.heat = value; draw('layers'); }),
  html('span', {class: 'soft'}, columns.length < all.size ?
    `${columns.length} of ${all.size} prunings; the filters choose others` : ''));
  const layers = of.names.map((name, i) => ({name, of: of.of[i], macs: of.macs[i]}));
  const left = columns.map(([l]) =>
    layers.map((layer, i) => layer.macs * data.kept[l][1][i] / layer.of));
  const sums = left.map((own) => own.reduce((sum, value) => sum + value, 0));
  const head = labels.names.map((name) => html('th', {scope: 'col'}, html('span', {}, name)));
  const rows = layers.map((layer, i) => html('tr', {},
    html('th', {scope: 'row'}, layer.name.replace(/\.weight$/, '')), ...columns.map(([l], j) => {
      const kept = data.kept[l][1][i];
      const part = state.heat === 'kept' ? kept / layer.of : left[j][i] / sums[j];
      const cell = layerCell(layer, kept, left[j][i], part);
      if (columns.length <= 20) cell.textContent = (100 * part).toFixed(part < .0995 ? 1 : 0);
      return cell;
    })));
  table.replaceChildren(html('table', {class: 'heat'},
    html('caption', {}, `Percent; columns are ${labels.keys.join(' · ') || 'prunings'}`),
    html('thead', {}, html('tr', {}, html('th', {scope: 'col', class: 'left'}, 'layer'), ...head)),
    html('tbody', {}, ...rows)));
}
