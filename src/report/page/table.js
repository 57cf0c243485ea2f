// Filters, the sortable table, and, where the page is served, news every few seconds. The last part
// of the script of report.html: it starts the others.
const kPoll = 5000;  // milliseconds between looks
const kDrawers = {tradeoff: drawTradeoff, curves: drawCurves, layers: drawLayers,
  stability: drawStability, results: drawTable};
let rowsOf = new Map(), isFirst = true, waiting = 0, tag = null;

function drawFilters() {
  const boxes = data.keys
    .map((key) => [key, unique(groups.map((group) => valueOf(group, key))).sort(before)])
    .filter(([, values]) => values.length > 1 && values.length <= 40).slice(0, 8)
    .map(([key, values]) => select(`where-${key}`, key, state.where[key],
      [[kAll, 'all'], ...values.map((value) => [value, value || kDash])], (value) => {
        if (value === kAll) delete state.where[key];
        else state.where[key] = value;
        refilter();
      }));
  const words = html('input', {type: 'search', 'data-id': 'words', value: state.words});
  words.addEventListener('input', () => {
    state.words = words.value.toLowerCase();
    clearTimeout(waiting);
    waiting = setTimeout(refilter, 120);
  });
  $('filters').replaceChildren(...boxes, html('label', {}, 'with the words ', words),
    html('output', {id: 'count'}));
  $('filters').hidden = false;
}
function sorted(list) {
  if (!state.sort) return list;
  const value = (group) => state.sort === '#n' ? group.r.length :
    measures[state.sort] ? group.m[state.sort]?.mean : group.set[state.sort];
  return [...list].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x == null || y == null) return (x == null) - (y == null);
    return state.down ? before(y, x) : before(x, y);
  });
}
function sortBy(name) {  // the best first, then the other way
  state.down = state.sort === name ? !state.down : Boolean(measures[name] && !measures[name].low);
  state.sort = name;
  draw('results');
}
function drawHead(row) {
  const cells = [...data.keys.map((key) => [key, key, 'left']),
    ...data.measures.map((measure) => [measure.n, measure.h]), ['#n', 'n']];
  row.replaceChildren(
    html('th', {scope: 'col'}, html('span', {class: 'hidden'}, 'curves and seeds')),
    ...cells.map(([name, text, kind]) => html('th', {scope: 'col', class: kind,
      'aria-sort': state.sort !== name ? 'none' : state.down ? 'descending' : 'ascending'},
    html('button', {type: 'button', 'data-id': `sort-${name}`, onclick: () => sortBy(name)},
      text))));
}
function toggle(group) {
  if (!state.open.delete(group.key)) state.open.add(group.key);
  draw('results');
}
function tools(group) {
  return html('td', {class: 'tools'},
    html('input', {type: 'checkbox', 'data-id': `pick-${group.key}`,
      'aria-label': `curves of ${nameOf(group)}`, onchange: () => pick(group)}),
    html('button', {type: 'button', class: 'more', 'data-id': `open-${group.key}`,
      'aria-label': `seeds of ${nameOf(group)}`, onclick: () => toggle(group)}));
}
function makeRow(group) {
  return html('tr', {},
    ...data.keys.map((key) => html('td', {class: 'left'}, group.set[key] ?? kDash)),
    ...data.measures.map((measure) => html('td', {}, summaryText(measure.n, group.m[measure.n]))),
    html('td', {}, String(group.r.length)));
}
function seedRow(run) {
  return html('tr', {class: 'seed'}, html('td'),
    html('td', {class: 'left', colspan: Math.max(data.keys.length, 1)},
      `seed ${run[1]} · ${run[0]}`),
    ...data.measures.map((measure, i) => html('td', {}, numberText(measure.n, run[2][i]))),
    html('td'));
}
function rows(group) {
  const row = rowsOf.get(group.key), open = state.open.has(group.key);
  const [box, more] = row.cells[0].children;
  box.checked = state.picked.has(group.key);
  more.textContent = open ? '▾' : '▸';
  more.setAttribute('aria-expanded', open);
  return open ? [row, ...group.r.map(seedRow)] : [row];
}
// The page comes with rows in the order of the groups; after news they are made here.
function takeRows(body) {
  const there = isFirst ? [...body.rows] : [];
  isFirst = false;
  groups.forEach((group, i) => {
    const row = there[i] ?? makeRow(group);
    if (data.keys.length) row.cells[0].classList.add('left');
    row.prepend(tools(group));
    rowsOf.set(group.key, row);
  });
}
function drawTable() {
  const table = document.querySelector('#results table'), body = table.tBodies[0];
  if (!rowsOf.size) takeRows(body);
  drawHead(table.tHead.rows[0]);
  body.replaceChildren(...sorted(shown()).flatMap(rows));
}

// --- all of it -----------------------------------------------------------------------------------
function refilter() {
  $('count').textContent = `${shown().length} of ${groups.length} shown`;
  draw();
}
function begin() {
  prepare();
  rowsOf = new Map();
  $('curves').hidden = !groups.length;
  $('layers').hidden = groups.every((group) => group.l == null);
  $('stability').hidden = !measures.sparsity || !measures.stability;
  const focus = document.activeElement?.dataset?.id;
  drawFilters();
  if (focus) document.querySelector(`#filters [data-id="${CSS.escape(focus)}"]`)?.focus();
  refilter();
}

// The browser asks with the tag of what it has: mostly the answer is that there is nothing new.
async function look() {
  const answer = await fetch('data.json', {cache: 'no-cache'});
  if (!answer.ok) throw new Error(answer.statusText);
  if (tag === answer.headers.get('etag')) return;
  tag = answer.headers.get('etag');
  data = await answer.json();
  for (const [id, text] of Object.entries(data.html)) $(id).innerHTML = text;
  begin();
}
async function keepLooking() {
  let text = `live; looked at ${new Date().toLocaleTimeString()}`;
  try {
    if (!document.hidden) await look();
  } catch (error) {
    text = 'no answer from pollard serve; asking again';
  }
  $('live').textContent = text;
  $('live').classList.toggle('lost', !text.startsWith('live'));
  setTimeout(keepLooking, kPoll);
}

begin();
for (const id of Object.keys(kDrawers)) watcher.observe($(id));
addEventListener('beforeprint', () => freshen(true));
$('live').hidden = !data.served;
if (data.served) keepLooking();
document.documentElement.dataset.drawn = Math.round(performance.now());
