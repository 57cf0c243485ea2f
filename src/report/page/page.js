// The script of report.html: plots, curves, layers, filters, the sortable table, and, where the page
// is served, news every few seconds. Its numbers are the JSON in #data (page_data.h says what is
// where). Nothing is loaded from elsewhere; all text goes in as text, never as markup.
'use strict';
(() => {
const $ = (id) => document.getElementById(id);
const kColours = 8, kMostPicked = 8, kMostColumns = 40, kPoll = 5000;
const W = 860, H = 400, LEFT = 56, RIGHT = 16, TOP = 14, BOTTOM = 46;
// Marks that differ in shape too: unit polygons; null is a circle.
const kMarks = [null, [[-1, -1], [1, -1], [1, 1], [-1, 1]], [[0, -1.3], [1.2, 1], [-1.2, 1]],
  [[0, -1.4], [1.4, 0], [0, 1.4], [-1.4, 0]], [[0, 1.3], [1.2, -1], [-1.2, -1]],
  [[-.5, -1.3], [.5, -1.3], [.5, -.5], [1.3, -.5], [1.3, .5], [.5, .5], [.5, 1.3], [-.5, 1.3],
    [-.5, .5], [-1.3, .5], [-1.3, -.5], [-.5, -.5]],
  [[0, -1.3], [1.2, -.4], [.8, 1.1], [-.8, 1.1], [-1.2, -.4]], [[-1.3, -.6], [1.3, -.6], [1.3, .6], [-1.3, .6]]];

let data = JSON.parse($('data').textContent);
let groups = [], measures = {}, colours = new Map();
const state = {x: data.x, stable: 'stability', colour: data.colour, heat: 'kept', only: null,
  where: {}, words: '', picked: null, open: new Set(), sort: null, down: false};

// --- small tools ---------------------------------------------------------------------------------
const kSvg = 'http://www.w3.org/2000/svg';
const kSvgNames = new Set(['svg', 'g', 'path', 'line', 'text', 'circle', 'title', 'desc']);
function el(name, attributes = {}, ...children) {
  const node = kSvgNames.has(name) ? document.createElementNS(kSvg, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, '');
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}
const dash = '–';
const unique = (values) => [...new Set(values)];
function before(a, b) {  // numbers by size, before other texts
  const x = a === '' || a == null ? NaN : Number(a), y = b === '' || b == null ? NaN : Number(b);
  if (!isNaN(x) && !isNaN(y)) return x - y;
  if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
  return String(a ?? '').localeCompare(String(b ?? ''));
}
function summary(values) {
  const there = values.filter((value) => value != null);
  if (!there.length) return null;
  const n = there.length, mean = there.reduce((sum, value) => sum + value, 0) / n;
  const squares = there.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {n, mean, std: n > 1 ? Math.sqrt(squares / (n - 1)) : null,
    min: Math.min(...there), max: Math.max(...there)};
}
const number = (name, value) => value == null ? dash :
  (value * measures[name].s).toFixed(measures[name].d);
const summed = (name, s) => !s ? dash :
  number(name, s.mean) + (s.std == null ? '' : ' ± ' + number(name, s.std));
const settings = (group, keys = data.keys) =>
  keys.map((key) => [key, group.set[key]]).filter(([, value]) => value != null);
function nice(low, high, wanted) {
  const rough = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => rough <= factor * power * (1 + 1e-9)) * power;
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); ++i)
    ticks.push(+(i * step).toPrecision(12));
  return {step, ticks};
}
function axis(values, from, to, wanted, log, widen) {
  let low = Math.min(...values), high = Math.max(...values);
  if (!(high > low)) [low, high] = log ? [low / 2, low * 2] : [low - 1, low + 1];
  if (log) {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power)
      for (const factor of [1, 2, 5]) ticks.push(+(factor * 10 ** power).toPrecision(6));
    const at = (value) => from + Math.log(value / low) / Math.log(high / low) * (to - from);
    return {at, ticks: ticks.filter((tick) => tick >= low * .999 && tick <= high * 1.001)};
  }
  if (widen) {
    const {step} = nice(low, high, wanted);
    [low, high] = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
  }
  return {at: (value) => from + (value - low) / (high - low) * (to - from), ticks: nice(low, high, wanted).ticks};
}
const tickText = (value) => Math.abs(value) >= 1e-4 || value === 0 ?
  value.toLocaleString('en', {maximumFractionDigits: 6}) : value.toExponential(0);
// What is drawn anew keeps the keyboard where it was.
function keepingFocus(draw) {
  const id = document.activeElement?.dataset?.id;
  draw();
  if (id) document.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus({preventScroll: true});
}

// --- what there is -------------------------------------------------------------------------------
function prepare() {
  measures = Object.fromEntries(data.measures.map((measure, i) => [measure.n, {...measure, i}]));
  groups = data.groups.map((group) => ({...group, key: group.s.join('\u0001'),
    set: Object.fromEntries(data.keys.map((key, i) => [key, group.s[i]])),
    m: Object.fromEntries(data.measures.map((measure, i) => [measure.n, summary(group.r.map((run) => run[2][i]))]))}));
  for (const group of groups)
    group.words = settings(group).map((pair) => pair.join('=')).concat(group.r.map((run) => run[0])).join(' ').toLowerCase();
  const values = unique(groups.map((group) => group.set[state.colour] ?? '')).sort(before);
  colours = new Map(values.map((value, i) => [value, i]));
  state.picked ??= new Set(firstPicked().map((group) => group.key));
}
// The best of each colour at the sparsity that most groups have.
function firstPicked() {
  const at = (group) => Math.round(1000 * (group.m.sparsity?.mean ?? 0));
  const counts = new Map();
  for (const group of groups) counts.set(at(group), (counts.get(at(group)) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [];
  const best = new Map();
  for (const group of groups.filter((one) => at(one) === most && one.m.top1)) {
    const known = best.get(group.set[state.colour]);
    if (!known || group.m.top1.mean > known.m.top1.mean) best.set(group.set[state.colour], group);
  }
  return [...best.values()].slice(0, kMostPicked);
}
const colourOf = (group) => colours.get(group.set[state.colour] ?? '') ?? 0;
const shown = () => groups.filter((group) =>
  Object.entries(state.where).every(([key, value]) => (group.set[key] ?? '') === value) &&
  state.words.split(/\s+/).every((word) => group.words.includes(word)));
function pick(group) {
  if (state.picked.has(group.key)) state.picked.delete(group.key);
  else if (state.picked.size < kMostPicked) state.picked.add(group.key);
  else say(`No more than ${kMostPicked} configurations have curves at a time.`);
  draw();
}
function say(text) { $('said').textContent = text; }

// --- charts --------------------------------------------------------------------------------------
// lines: {name, colour, dim, spots: [{x, y, low, high, gap, group, text}]}
function chart(figure, {id, title, help, xLabel, yLabel, lines, log, marks, onpick}) {
  const spots = lines.flatMap((line) => line.spots);
  if (!spots.length) return figure.replaceChildren(el('p', {class: 'soft'}, 'Nothing to draw yet.'));
  const x = axis(spots.map((spot) => spot.x), LEFT + 10, W - RIGHT - 10, 9, log, false);
  const y = axis(spots.flatMap((spot) => [spot.low ?? spot.y, spot.high ?? spot.y]), H - BOTTOM, TOP, 6, false, true);
  const svg = el('svg', {class: 'plot', viewBox: `0 0 ${W} ${H}`, role: 'application', tabindex: 0, 'data-id': id,
    'aria-roledescription': 'chart', 'aria-label': `${title}. ${help}`});
  for (const tick of y.ticks)
    svg.append(el('line', {class: 'grid', x1: LEFT, x2: W - RIGHT, y1: y.at(tick), y2: y.at(tick)}),
      el('text', {x: LEFT - 8, y: y.at(tick) + 4, 'text-anchor': 'end'}, tickText(tick)));
  let last = -1e9;
  for (const tick of x.ticks) {
    const text = tickText(tick), at = x.at(tick), half = text.length * 3.5 + 4;
    if (at - half < last) continue;
    last = at + half;
    svg.append(el('line', {class: 'axis', x1: at, x2: at, y1: H - BOTTOM, y2: H - BOTTOM + 4}),
      el('text', {x: at, y: H - BOTTOM + 18, 'text-anchor': 'middle'}, text));
  }
  svg.append(el('line', {class: 'axis', x1: LEFT, x2: W - RIGHT, y1: H - BOTTOM, y2: H - BOTTOM}),
    el('text', {x: (LEFT + W - RIGHT) / 2, y: H - 8, 'text-anchor': 'middle'}, xLabel),
    el('text', {transform: `translate(14 ${(TOP + H - BOTTOM) / 2}) rotate(-90)`, 'text-anchor': 'middle'}, yLabel));
  for (const line of [...lines].sort((a, b) => (b.dim ?? false) - (a.dim ?? false)))
    svg.append(drawLine(line, x, y, marks));
  const ring = el('circle', {class: 'ring', r: 8, visibility: 'hidden'}), tip = el('div', {class: 'tip', hidden: true});
  svg.append(ring);
  figure.replaceChildren(svg, tip);
  listen(svg, tip, ring, lines.filter((line) => !line.dim), x, y, onpick);
}
function drawLine(line, x, y, marks) {
  const tone = `c${line.colour % kColours}`;
  const g = el('g', {class: line.dim ? 'series dim' : 'series', 'data-line': line.name});
  const path = line.spots.map((spot, i) => (i && !spot.gap ? 'L' : 'M') + x.at(spot.x).toFixed(1) + ' ' + y.at(spot.y).toFixed(1));
  g.append(el('path', {class: `line ${tone}`, d: path.join('')}));
  if (!marks) return g;
  for (const spot of line.spots) {
    const cx = x.at(spot.x), cy = y.at(spot.y);
    if (spot.high > spot.low)
      g.append(el('path', {class: `whisker ${tone}`, d: `M${cx} ${y.at(spot.low)}L${cx} ${y.at(spot.high)}` +
        `M${cx - 3} ${y.at(spot.low)}h6M${cx - 3} ${y.at(spot.high)}h6`}));
    g.append(mark(line.colour % kColours, cx, cy, spot.group && state.picked.has(spot.group.key)));
  }
  return g;
}
function mark(colour, cx, cy, picked) {
  const shape = kMarks[colour], kind = `mark c${colour}${picked ? ' picked' : ''}`;
  if (!shape) return el('circle', {class: kind, cx, cy, r: 4});
  return el('path', {class: kind, d: 'M' + shape.map(([dx, dy]) => `${(cx + 3.6 * dx).toFixed(1)} ${(cy + 3.6 * dy).toFixed(1)}`).join('L') + 'Z'});
}
function listen(svg, tip, ring, lines, x, y, onpick) {
  let line = 0, spot = -1;
  const hide = () => { tip.hidden = true; ring.setAttribute('visibility', 'hidden'); spot = -1; };
  const show = (l, s) => {
    [line, spot] = [l, s];
    const here = lines[l].spots[s], cx = x.at(here.x), cy = y.at(here.y), box = svg.getBoundingClientRect();
    ring.setAttribute('cx', cx);
    ring.setAttribute('cy', cy);
    ring.setAttribute('visibility', 'visible');
    tip.replaceChildren(...here.text.map((text, i) => el(i ? 'div' : 'b', {}, text)));
    tip.hidden = false;
    const scale = box.width / W, left = cx * scale + 14;
    tip.style.left = `${left + tip.offsetWidth > box.width ? cx * scale - tip.offsetWidth - 14 : left}px`;
    tip.style.top = `${Math.max(0, Math.min(cy * scale - 12, box.height - tip.offsetHeight))}px`;
  };
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect(), scale = box.width / W;
    const px = (event.clientX - box.left) / scale, py = (event.clientY - box.top) / scale;
    let best = 30 ** 2, found = null;
    lines.forEach((one, l) => one.spots.forEach((here, s) => {
      const far = (x.at(here.x) - px) ** 2 + (y.at(here.y) - py) ** 2;
      if (far < best) [best, found] = [far, [l, s]];
    }));
    if (found) show(...found); else hide();
  });
  svg.addEventListener('pointerleave', hide);
  svg.addEventListener('blur', hide);
  svg.addEventListener('click', () => { if (spot >= 0 && onpick) onpick(lines[line].spots[spot].group); });
  svg.addEventListener('keydown', (event) => {
    const own = lines[line]?.spots.length ?? 0;
    let to = null;
    if (event.key === 'ArrowRight') to = [line, Math.min(spot + 1, own - 1)];
    if (event.key === 'ArrowLeft') to = [line, Math.max(spot - 1, 0)];
    if (event.key === 'Home') to = [line, 0];
    if (event.key === 'End') to = [line, own - 1];
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      const next = (line + (event.key === 'ArrowDown' ? 1 : lines.length - 1)) % lines.length;
      to = [next, Math.max(0, Math.min(spot, lines[next].spots.length - 1))];
    }
    if (event.key === 'Escape') hide();
    if ((event.key === 'Enter' || event.key === ' ') && spot >= 0 && onpick) {
      event.preventDefault();
      onpick(lines[line].spots[spot].group);
    }
    if (!to) return;
    event.preventDefault();
    show(...to);
    say(lines[to[0]].spots[to[1]].text.join(', '));
  });
}
function spotText(group, x, y) {
  const s = group.m[y], lines = [`${measures[y].h} ${summed(y, s)} (${s.n})`];
  if (s.n > 1) lines.push(`from ${number(y, s.min)} to ${number(y, s.max)}`);
  lines.push(`${measures[x].h} ${number(x, group.m[x].mean)}`, ...settings(group).map((pair) => pair.join(' = ')));
  const seeds = group.r.slice(0, 10).map((run) => `${run[1]}: ${number(y, run[2][measures[y].i])}`);
  lines.push(`seed ${seeds.join(', ')}${group.r.length > 10 ? ' …' : ''}`);
  return lines;
}
function scatter(figure, id, title, x, y) {
  const lines = new Map(), scale = measures[x].s, driving = data.drivers[x];
  for (const group of shown()) {
    if (!group.m[x] || !group.m[y]) continue;
    const key = settings(group).filter(([name]) => !driving.includes(name)).map((pair) => pair.join('=')).join(' ');
    if (!lines.has(key)) {
      const value = group.set[state.colour] ?? '';
      lines.set(key, {name: key, colour: colourOf(group), dim: state.only != null && state.only !== value, spots: []});
    }
    const s = group.m[y], by = measures[y].s;
    lines.get(key).spots.push({x: scale * group.m[x].mean, y: by * s.mean, low: by * s.min, high: by * s.max,
      group, text: spotText(group, x, y)});
  }
  const all = [...lines.values()].sort((a, b) => a.colour - b.colour);
  for (const line of all) line.spots.sort((a, b) => a.x - b.x);
  const xs = all.flatMap((line) => line.spots.map((spot) => spot.x));
  const log = x !== 'sparsity' && Math.min(...xs) > 0 && Math.max(...xs) > 20 * Math.min(...xs);
  chart(figure, {id, title, lines, log, marks: true, onpick: pick, xLabel: measures[x].h + (log ? ' (logarithmic)' : ''),
    yLabel: measures[y].h, help: 'Left and right go along a line, up and down to other lines, Enter shows the curves.'});
}
function legend(figure, id) {
  if (!state.colour) return;
  const list = el('div', {class: 'legend', role: 'group', 'aria-label': `Lines by ${state.colour}`}, el('span', {}, state.colour));
  for (const [value, i] of colours) {
    const swatch = el('svg', {class: 'plot', viewBox: '0 0 26 12', width: 26, height: 12, 'aria-hidden': 'true'},
      el('path', {class: `line c${i % kColours}`, d: 'M0 6h26'}), mark(i % kColours, 13, 6, false));
    list.append(el('button', {type: 'button', 'data-id': `${id}-${value}`, 'aria-pressed': String(state.only === value),
      title: 'Show only these; again: all', onclick: () => { state.only = state.only === value ? null : value; draw(); }},
      swatch, value || dash));
  }
  figure.prepend(list);
}
function select(id, label, value, options, change) {
  const box = el('select', {'data-id': id, onchange: (event) => { change(event.target.value); draw(); }});
  for (const [name, text] of options) box.append(el('option', {value: name, selected: name === value}, text));
  return el('label', {}, label + ' ', box);
}
const named = (names) => names.filter((name) => measures[name]).map((name) => [name, measures[name].h]);
function drawTradeoff() {
  const section = $('tradeoff'), figure = section.querySelector('figure');
  section.querySelector('.controls').replaceChildren(
    select('x', 'over', state.x, named(['sparsity', 'theoretical_speedup', 'retrain_epochs', 'epochs', 'seconds', 'time_ratio']), (value) => { state.x = value; }),
    select('colour', 'lines coloured by', state.colour, data.keys.map((key) => [key, key]),
      (value) => { state.colour = value; state.only = null; prepare(); }));
  if (!measures.top1 || !measures[state.x]) return;
  scatter(figure, 'plot', `${measures.top1.h} over ${measures[state.x].h}`, state.x, 'top1');
  legend(figure, 'only');
}
function drawStability() {
  const section = $('stability'), names = named(['stability', 'increase', 'pruned_top1']);
  section.hidden = !names.length || !measures.sparsity;
  if (section.hidden) return;
  if (!measures[state.stable]) state.stable = names[0][0];
  section.querySelector('.controls').replaceChildren(select('stable', 'show', state.stable, names, (value) => { state.stable = value; }));
  const figure = section.querySelector('figure');
  scatter(figure, 'stable-plot', `${measures[state.stable].h} over sparsity`, 'sparsity', state.stable);
  legend(figure, 'stable-only');
}

// --- curves --------------------------------------------------------------------------------------
function along(run, of) {  // over the epochs of all stages
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
  const keys = data.keys.filter((key) => unique(picked.map((group) => group.set[key])).length > 1);
  const name = (group) => settings(group, keys.length ? keys : data.keys).map(([, value]) => value).join(' · ') || 'all';
  section.hidden = !groups.length;
  section.querySelector('.controls').replaceChildren(el('span', {class: 'soft'},
    picked.length ? 'Of these; a click takes one away:' : 'Choose configurations: points of the plot above, or boxes of the table below.'),
    ...picked.map((group, i) => el('button', {type: 'button', class: 'chip', 'data-id': `chip-${group.key}`, onclick: () => pick(group)},
      el('i', {class: `swatch b${i % kColours}`}), name(group), el('span', {'aria-label': 'take away'}, ' ×'))));
  const figures = section.querySelectorAll('figure');
  [['a', 'Test accuracy', 'top1 %'], ['r', 'Learning rate', 'learning rate']].forEach(([of, title, yLabel], place) => {
    const lines = picked.flatMap((group, colour) => group.r.map((run) => {
      const spots = along(run, of);
      for (const spot of spots)
        Object.assign(spot, {group, text: [`${yLabel} ${+spot.y.toPrecision(4)}`, `after ${+spot.x.toFixed(2)} epochs`, name(group), `seed ${run[1]}`]});
      return {name: `${name(group)} ${run[1]}`, colour, spots};
    })).filter((line) => line.spots.length);
    figures[place].hidden = !lines.length;
    if (lines.length) chart(figures[place], {id: `curve-${of}`, title, lines, yLabel, xLabel: 'epochs, of all stages', help: 'Left and right go along a curve, up and down to other curves.'});
  });
}

// --- layers --------------------------------------------------------------------------------------
function drawLayers() {
  const section = $('layers'), columns = new Map();
  for (const group of shown()) {
    if (group.l == null) continue;
    if (!columns.has(group.l)) columns.set(group.l, []);
    columns.get(group.l).push(group);
  }
  section.hidden = !columns.size;
  if (section.hidden) return;
  const all = [...columns].slice(0, kMostColumns), set = data.kept[all[0][0]][0], names = data.layers[set].names;
  const same = all.filter(([l]) => data.kept[l][0] === set);
  const agreed = (key) => same.every(([, own]) => unique(own.map((group) => group.set[key])).length === 1);
  const keys = data.keys.filter((key) => agreed(key) && unique(same.map(([, own]) => own[0].set[key])).length > 1);
  section.querySelector('.controls').replaceChildren(
    select('heat', 'show', state.heat, [['kept', 'weights kept, % of each layer'], ['macs', 'multiply-adds left, % of all that are left']], (value) => { state.heat = value; }),
    el('span', {class: 'soft'}, same.length < columns.size ? `${same.length} of ${columns.size} prunings; filters above choose others` : ''));
  const table = el('table', {class: 'heat'}, el('caption', {}, `Layers by ${keys.join(', ') || 'pruning'}`));
  table.append(el('thead', {}, el('tr', {}, el('th', {scope: 'col', class: 'left'}, 'layer'),
    ...same.map(([, own]) => el('th', {scope: 'col'}, el('span', {}, settings(own[0], keys).map(([, value]) => value).join(' · ')))))));
  const left = same.map(([l]) => data.kept[l][1].map((kept, i) => data.layers[set].macs[i] * kept / data.layers[set].of[i]));
  const sums = left.map((own) => own.reduce((sum, value) => sum + value, 0));
  const body = el('tbody');
  names.forEach((name, i) => body.append(el('tr', {}, el('th', {scope: 'row'}, name.replace(/\.weight$/, '')), ...same.map(([l], j) => {
    const of = data.layers[set].of[i], kept = data.kept[l][1][i], part = state.heat === 'kept' ? kept / of : left[j][i] / sums[j];
    const strength = part > 0 ? Math.max(.04, 1 + Math.log10(part) / 3) : 0;  // a thousandth is pale
    const cell = el('td', {class: strength > .6 ? 'strong' : '', title: `${name}: ${kept.toLocaleString('en')} of ${of.toLocaleString('en')} weights, ${Math.round(left[j][i]).toLocaleString('en')} multiply-adds`},
      same.length > 20 ? '' : (100 * part).toPrecision(part >= .9995 ? 3 : 2));
    cell.style.setProperty('--v', strength.toFixed(3));
    return cell;
  }))));
  table.append(body);
  section.querySelector('.wide').replaceChildren(table);
}

// --- filters and the table -----------------------------------------------------------------------
function drawFilters() {
  const boxes = data.keys.map((key) => [key, unique(groups.map((group) => group.set[key] ?? '')).sort(before)])
    .filter(([, values]) => values.length > 1 && values.length <= 40).slice(0, 8)
    .map(([key, values]) => select(`where-${key}`, key, state.where[key], [['\u0001', 'all'], ...values.map((value) => [value, value || dash])],
      (value) => { if (value === '\u0001') delete state.where[key]; else state.where[key] = value; }));
  const words = el('input', {type: 'search', 'data-id': 'words', placeholder: 'words', value: state.words,
    oninput: (event) => { state.words = event.target.value.toLowerCase(); later(draw); }});
  $('filters').replaceChildren(...boxes, el('label', {}, 'with the words ', words), el('output', {id: 'count'}));
  $('filters').hidden = false;
}
let waiting = 0;
function later(work) { clearTimeout(waiting); waiting = setTimeout(work, 120); }
function sorted(list) {
  if (!state.sort) return list;
  const value = (group) => state.sort === '#n' ? group.r.length : measures[state.sort] ? group.m[state.sort]?.mean : group.set[state.sort];
  return [...list].sort((a, b) => {
    const x = value(a), y = value(b);
    if (x == null || y == null) return (x == null) - (y == null);
    return state.down ? before(y, x) : before(x, y);
  });
}
function drawHead(table) {
  const cells = [...data.keys.map((key) => [key, key, 'left']), ...data.measures.map((measure) => [measure.n, measure.h, '']), ['#n', 'n', '']];
  table.tHead.rows[0].replaceChildren(el('th', {scope: 'col'}, el('span', {class: 'hidden'}, 'curves and seeds')), ...cells.map(([name, text, kind]) =>
    el('th', {scope: 'col', class: kind, 'aria-sort': state.sort === name ? (state.down ? 'descending' : 'ascending') : 'none'},
      el('button', {type: 'button', 'data-id': `sort-${name}`, onclick: () => {
        const again = state.sort === name;
        state.down = again ? !state.down : measures[name] ? !measures[name].low : false;  // the best first
        state.sort = name;
        keepingFocus(drawTable);
      }}, text))));
}
function row(group) {
  const name = settings(group).map(([, value]) => value).join(' ') || 'all', open = state.open.has(group.key);
  const box = el('input', {type: 'checkbox', 'data-id': `pick-${group.key}`, checked: state.picked.has(group.key), 'aria-label': `curves of ${name}`, onchange: () => pick(group)});
  const more = el('button', {type: 'button', class: 'more', 'data-id': `open-${group.key}`, 'aria-expanded': String(open), 'aria-label': `seeds of ${name}`,
    onclick: () => { if (open) state.open.delete(group.key); else state.open.add(group.key); keepingFocus(drawTable); }}, open ? '▾' : '▸');
  const rows = [el('tr', {}, el('td', {class: 'tools'}, box, more), ...data.keys.map((key) => el('td', {class: 'left'}, group.set[key] ?? dash)),
    ...data.measures.map((measure) => el('td', {}, summed(measure.n, group.m[measure.n]))), el('td', {}, String(group.r.length)))];
  if (open) for (const run of group.r)
    rows.push(el('tr', {class: 'seed'}, el('td', {}), el('td', {class: 'left', colspan: Math.max(data.keys.length, 1)}, `seed ${run[1]} · ${run[0]}`),
      ...data.measures.map((measure, i) => el('td', {}, number(measure.n, run[2][i]))), el('td')));
  return rows;
}
function drawTable() {
  const table = document.querySelector('#results table'), list = sorted(shown());
  drawHead(table);
  table.tBodies[0].replaceChildren(...list.flatMap(row));
  $('count').textContent = `${list.length} of ${groups.length} shown`;
}
function draw() { keepingFocus(() => { drawTradeoff(); drawCurves(); drawLayers(); drawStability(); drawTable(); }); }
function drawAll() { keepingFocus(() => { prepare(); drawFilters(); draw(); }); }

// --- news ----------------------------------------------------------------------------------------
let tag = null;
async function look() {
  const live = $('live');
  if (!document.hidden) {
    try {
      const answer = await fetch('data.json', {cache: 'no-cache'});  // asks with the tag it knows
      if (!answer.ok) throw new Error(answer.statusText);
      if (tag !== answer.headers.get('etag')) {
        const fresh = await answer.json();
        if (tag !== null || JSON.stringify(fresh.groups) !== JSON.stringify(data.groups)) {
          data = fresh;
          drawAll();
        }
        tag = answer.headers.get('etag');
        for (const [id, html] of Object.entries(fresh.html)) $(id).innerHTML = html;
      }
      live.textContent = `live, looked at ${new Date().toLocaleTimeString()}`;
      live.classList.remove('lost');
    } catch (error) {
      live.textContent = 'no answer from `pollard serve`; asking again';
      live.classList.add('lost');
    }
  }
  setTimeout(look, kPoll);
}

drawAll();
if (data.served) {
  $('live').hidden = false;
  look();
}
document.documentElement.dataset.drawn = String(Math.round(performance.now()));
})();
