// Line charts as SVG that answer pointer and keyboard. Goes before page.js into the one script of
// report.html. All text goes in as text, never as markup; what it looks like is in page.css.
'use strict';
const kColours = 8, kSvg = 'http://www.w3.org/2000/svg';
const kWidth = 860, kHeight = 400, kLeft = 56, kRight = 16, kTop = 14, kBottom = 46;
const kNear = 30;  // pixels from which a point answers

// Colours have marks of their own, for those who do not tell them apart: a circle, and polygons.
const kMarks = [null, [[-1, -1], [1, -1], [1, 1], [-1, 1]], [[0, -1.3], [1.2, 1], [-1.2, 1]],
  [[0, -1.4], [1.4, 0], [0, 1.4], [-1.4, 0]], [[0, 1.3], [1.2, -1], [-1.2, -1]],
  [[-.5, -1.3], [.5, -1.3], [.5, -.5], [1.3, -.5], [1.3, .5], [.5, .5], [.5, 1.3], [-.5, 1.3],
    [-.5, .5], [-1.3, .5], [-1.3, -.5], [-.5, -.5]],
  [[0, -1.3], [1.2, -.4], [.8, 1.1], [-.8, 1.1], [-1.2, -.4]],
  [[-1.4, -.6], [1.4, -.6], [1.4, .6], [-1.4, .6]]];

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}
const html = (name, attributes = {}, ...children) =>
  fill(document.createElement(name), attributes, children);
const svg = (name, attributes = {}, ...children) =>
  fill(document.createElementNS(kSvg, name), attributes, children);

// Multiples of 1, 2 or 5 times a power of ten, about `wanted` of them; also those just outside, as
// a sparsity of 80.0004 % is meant as 80.
function niceStep(low, high, wanted) {
  const rough = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((factor) => rough <= factor * power * (1 + 1e-9)) * power;
}
function niceTicks(low, high, wanted) {
  const step = niceStep(low, high, wanted), ticks = [];
  for (let i = Math.ceil(low / step - .02); i <= Math.floor(high / step + .02); ++i)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); ++power)
    for (const factor of [1, 2, 5]) ticks.push(Number((factor * 10 ** power).toPrecision(6)));
  return ticks.filter((tick) => tick >= low * .999 && tick <= high * 1.001);
}
function axis(values, from, to, {wanted, log, widen}) {
  let low = Infinity, high = -Infinity;
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (!(high > low)) [low, high] = log ? [low / 2, low * 2] : [low - 1, low + 1];
  if (log) {
    const at = (value) => from + Math.log(value / low) / Math.log(high / low) * (to - from);
    return {at, ticks: logTicks(low, high)};
  }
  if (widen) {
    const step = niceStep(low, high, wanted);
    low = Math.floor(low / step + 1e-9) * step;
    high = Math.ceil(high / step - 1e-9) * step;
  }
  const at = (value) => from + (value - low) / (high - low) * (to - from);
  return {at, ticks: niceTicks(low, high, wanted)};
}
const tickText = (value) => Math.abs(value) >= 1e-4 || value === 0 ?
  value.toLocaleString('en', {maximumFractionDigits: 6}) : value.toExponential(0);

function drawAxes(root, x, y, xLabel, yLabel) {
  const bottom = kHeight - kBottom, right = kWidth - kRight;
  for (const tick of y.ticks) {
    const at = y.at(tick);
    root.append(svg('line', {class: 'grid', x1: kLeft, x2: right, y1: at, y2: at}),
      svg('text', {x: kLeft - 8, y: at + 4, 'text-anchor': 'end'}, tickText(tick)));
  }
  let taken = -Infinity;  // by the text before
  for (const tick of x.ticks) {
    const text = tickText(tick), at = x.at(tick), half = text.length * 3.5 + 4;
    if (at - half < taken) continue;
    taken = at + half;
    root.append(svg('line', {class: 'axis', x1: at, x2: at, y1: bottom, y2: bottom + 4}),
      svg('text', {x: at, y: bottom + 18, 'text-anchor': 'middle'}, text));
  }
  const middle = `translate(14 ${(kTop + bottom) / 2}) rotate(-90)`;
  root.append(svg('line', {class: 'axis', x1: kLeft, x2: right, y1: bottom, y2: bottom}),
    svg('text', {x: (kLeft + right) / 2, y: kHeight - 8, 'text-anchor': 'middle'}, xLabel),
    svg('text', {transform: middle, 'text-anchor': 'middle'}, yLabel));
}
function mark(colour, x, y, picked) {
  const shape = kMarks[colour], kind = `mark c${colour}${picked ? ' picked' : ''}`;
  if (!shape) return svg('circle', {class: kind, cx: x, cy: y, r: 4});
  const corners = shape.map(([dx, dy]) =>
    `${(x + 3.6 * dx).toFixed(1)} ${(y + 3.6 * dy).toFixed(1)}`);
  return svg('path', {class: kind, d: `M${corners.join('L')}Z`});
}
function drawLine(line, x, y, marks) {
  const colour = line.colour % kColours, g = svg('g', {class: line.dim ? 'series dim' : 'series'});
  const path = line.spots.map((spot, i) =>
    `${i && !spot.gap ? 'L' : 'M'}${x.at(spot.x).toFixed(1)} ${y.at(spot.y).toFixed(1)}`);
  g.append(svg('path', {class: `line c${colour}`, d: path.join('')}));
  if (!marks) return g;
  for (const spot of line.spots) {
    const at = x.at(spot.x), low = y.at(spot.low), high = y.at(spot.high);
    if (spot.high > spot.low)
      g.append(svg('path', {class: `whisker c${colour}`,
        d: `M${at} ${low}V${high}M${at - 3} ${low}h6M${at - 3} ${high}h6`}));
    g.append(mark(colour, at, y.at(spot.y), spot.picked));
  }
  return g;
}

// The point that pointer or arrows are at: a ring around it, and what it is beside it.
class Pointer {
  constructor(root, figure, lines, x, y) {
    Object.assign(this, {root, figure, lines, x, y, line: 0, spot: -1});
    this.ring = svg('circle', {class: 'ring', r: 8, visibility: 'hidden'});
    this.tip = html('div', {class: 'tip', hidden: true});
    root.append(this.ring);
    figure.append(this.tip);
  }
  get here() { return this.lines[this.line]?.spots[this.spot]; }
  hide() {
    this.spot = -1;
    this.tip.hidden = true;
    this.ring.setAttribute('visibility', 'hidden');
  }
  show(line, spot) {
    Object.assign(this, {line, spot});
    const x = this.x.at(this.here.x), y = this.y.at(this.here.y);
    this.ring.setAttribute('cx', x);
    this.ring.setAttribute('cy', y);
    this.ring.setAttribute('visibility', 'visible');
    this.tip.replaceChildren(...this.here.text().map((text, i) => html(i ? 'div' : 'b', {}, text)));
    this.tip.hidden = false;
    this.place(x, y);
  }
  // To the right of the point, or where there is no room to the left; within the chart.
  place(x, y) {
    const box = this.root.getBoundingClientRect(), frame = this.figure.getBoundingClientRect();
    const scale = box.width / kWidth, {offsetWidth: width, offsetHeight: height} = this.tip;
    const left = x * scale + 14 + width > box.width ? x * scale - width - 14 : x * scale + 14;
    const top = Math.max(0, Math.min(y * scale - 12, box.height - height));
    this.tip.style.left = `${Math.max(0, left) + box.left - frame.left + this.figure.scrollLeft}px`;
    this.tip.style.top = `${top + box.top - frame.top}px`;
  }
  nearest(event) {
    const box = this.root.getBoundingClientRect(), scale = box.width / kWidth;
    const px = (event.clientX - box.left) / scale, py = (event.clientY - box.top) / scale;
    let best = kNear ** 2, found = null;
    this.lines.forEach((line, l) => line.spots.forEach((spot, s) => {
      const far = (this.x.at(spot.x) - px) ** 2 + (this.y.at(spot.y) - py) ** 2;
      if (far < best) [best, found] = [far, [l, s]];
    }));
    return found;
  }
  // Where a key leads: along the line, or to the one before or after.
  target(key) {
    const last = (line) => this.lines[line].spots.length - 1, n = this.lines.length;
    const {line, spot} = this;
    if (key === 'ArrowRight') return [line, Math.min(spot + 1, last(line))];
    if (key === 'ArrowLeft') return [line, Math.max(spot - 1, 0)];
    if (key === 'Home') return [line, 0];
    if (key === 'End') return [line, last(line)];
    if (key !== 'ArrowUp' && key !== 'ArrowDown') return null;
    const next = (line + (key === 'ArrowDown' ? 1 : n - 1)) % n;
    return [next, Math.max(0, Math.min(spot, last(next)))];
  }
}

function listen(pointer, say, pick) {
  const {root, lines} = pointer;
  root.addEventListener('pointermove', (event) => {
    const found = pointer.nearest(event);
    if (found) pointer.show(...found);
    else pointer.hide();
  });
  root.addEventListener('pointerleave', () => pointer.hide());
  root.addEventListener('blur', () => pointer.hide());
  root.addEventListener('click', () => { if (pointer.here) pick?.(pointer.here); });
  root.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') pointer.hide();
    const target = lines.length ? pointer.target(event.key) : null;
    if (target) {
      pointer.show(...target);
      say(pointer.here.text().join(', '));
    } else if ((event.key === 'Enter' || event.key === ' ') && pointer.here) {
      pick?.(pointer.here);
    } else {
      return;
    }
    event.preventDefault();
  });
}

// lines: {colour, dim, spots: [{x, y, low, high, gap: no line leads here, picked, text()}]}, to be
// drawn into the figure in place of what is there.
function chart(figure, {id, title, help, xLabel, yLabel, lines, log, marks, say, pick}) {
  const spots = lines.flatMap((line) => line.spots);
  if (!spots.length) {
    figure.replaceChildren(html('p', {class: 'soft'}, 'Nothing to draw yet.'));
    return;
  }
  const x = axis(spots.map((spot) => spot.x), kLeft + 10, kWidth - kRight - 10, {wanted: 9, log});
  const y = axis(spots.flatMap((spot) => marks ? [spot.low, spot.high] : [spot.y]),
    kHeight - kBottom, kTop, {wanted: 6, widen: true});
  const root = svg('svg', {class: 'plot', viewBox: `0 0 ${kWidth} ${kHeight}`, tabindex: 0,
    role: 'application', 'data-id': id, 'aria-roledescription': 'chart',
    'aria-label': `${title}. ${help}`});
  drawAxes(root, x, y, xLabel, yLabel);
  for (const dim of [true, false])  // the pale ones lie below
    root.append(...lines.filter((line) => Boolean(line.dim) === dim)
      .map((line) => drawLine(line, x, y, marks)));
  figure.replaceChildren(root);
  listen(new Pointer(root, figure, lines.filter((line) => !line.dim), x, y), say, pick);
}
