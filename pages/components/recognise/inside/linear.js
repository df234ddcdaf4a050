// Logistic regression beside the network: one template for each class, and a drawing that moves.

// The image moved; what comes in is black, as core/explain/shifts.py has it.
function movedImage(image, down, right) {
  const [height, width, depth] = image.shape;
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const top = y - down, left = x - right;
      if (top < 0 || left < 0 || top >= height || left >= width) continue;
      for (let c = 0; c < depth; c++) {
        data[(y * width + x) * depth + c] = image.data[(top * width + left) * depth + c];
      }
    }
  }
  return {shape: image.shape, data};
}

// What a linear model computes: for each class the products of the pixels, their sum, the logit.
function linearAt(linear, image) {
  const [height, width, depth, classes] = linear.weights.shape;
  const brightest = linear.relative ? Math.max(1, ...image.data) : 255;
  const found = Array.from({length: classes}, () => ({
    products: new Float32Array(height * width), sum: 0,
  }));
  for (let pixel = 0, place = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < depth; c++) {
      const input = image.data[pixel * depth + c] / brightest;
      for (let k = 0; k < classes; k++, place++) {
        const product = input * linear.weights.data[place];
        found[k].products[pixel] += product;
        found[k].sum += product;
      }
    }
  }
  found.forEach((one, k) => { one.logit = one.sum + linear.bias.data[k]; });
  const most = Math.max(...found.map(one => one.logit));
  const powers = found.map(one => Math.exp(one.logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  found.forEach((one, k) => { one.probability = powers[k] / total; });
  return found;
}

function weightsOf(linear, k) {
  const [height, width, depth, classes] = linear.weights.shape;
  const plane = new Float32Array(height * width);
  for (let pixel = 0; pixel < plane.length; pixel++) {
    for (let c = 0; c < depth; c++) {
      plane[pixel] += linear.weights.data[(pixel * depth + c) * classes + k];
    }
  }
  return plane;
}

const MOST_TEMPLATES = 10;

function drawTemplates(net, parent, image) {
  const {linear} = net, [height, width, depth] = linear.weights.shape;
  const found = linearAt(linear, image);
  const order = [...found.keys()].sort((a, b) => found[b].probability - found[a].probability);
  const shown = order.slice(0, MOST_TEMPLATES).sort((a, b) => a - b);
  linear.planes ??= found.map((_, k) => weightsOf(linear, k));
  linear.scale ??= signedScale(linear.planes.flatMap(plane => plane.reduce(
    (most, weight) => Math.max(most, Math.abs(weight)), 0)));
  const most = signedScale(shown.map(k => found[k].products.reduce(
    (largest, product) => Math.max(largest, Math.abs(product)), 0)));
  parent.replaceChildren();
  for (const k of shown) {
    const card = make('div', parent, {classes: k === order[0] ? 'template top' : 'template',
      'data-class': k});
    const {products, sum, logit, probability} = found[k], name = net.classes[k];
    const pair = make('div', card, {role: 'img',
      'aria-label': `Weights of class ${name}, and their products with the drawing`});
    paint(make('canvas', pair), height, width, (y, x) => linear.planes[k][y * width + x],
      linear.scale);
    paint(make('canvas', pair), height, width, (y, x) => products[y * width + x], most);
    const line = make('p', card);
    make('b', line, {text: name});
    line.append(` · ${percent(probability)}`);
    say(card, ['sum', sum, written(sum, 2)], ' + ', ['bias', linear.bias.data[k],
      written(linear.bias.data[k], 2)], ' = ', ['logit', logit, written(logit, 2)]);
  }
  return found;
}

// Sliders that move the drawing, with what both models predict at every place.
function drawShift(net, parent, moved) {
  const {shifts} = net, far = shifts.reach, size = 2 * far + 1, classes = net.classes.length;
  const at = (table, down, right) => {
    const start = ((down + far) * size + right + far) * classes;
    return table.data.subarray(start, start + classes);
  };
  const best = row => row.indexOf(Math.max(...row));
  const meant = best(at(shifts.network, 0, 0));
  const place = make('div', parent, {classes: 'shift'});
  const image = make('canvas', place, {classes: 'moved', role: 'img',
    'aria-label': 'The drawing, moved'});
  const middle = make('div', place, {classes: 'chart'});
  const sliders = ['to the right', 'downwards'].map(text => {
    const label = make('label', middle, {text: `Move it ${text}: `});
    const value = make('b', label, {text: '0'});
    const slider = make('input', label, {type: 'range', min: -far, max: far, step: 1, value: 0,
      'aria-label': `Move the drawing ${text}, in pixels`});
    slider.said = value;
    return slider;
  });
  const chart = make('div', middle), said = make('p', middle, {classes: 'said',
    'aria-live': 'polite'});
  const draw = () => {
    const [right, down] = sliders.map(slider => Number(slider.value));
    sliders.forEach(slider => { slider.said.textContent = written(Number(slider.value)); });
    const now = movedImage(net.image, down, right), [height, width, depth] = now.shape;
    paint(image, height, width, (y, x) => now.data[(y * width + x) * depth], scaleOf(0, 255, 'grey'));
    drawLines(chart, shifts, net, at, meant, down, right);
    said.replaceChildren();
    [[net.title, shifts.network], [net.linear.title, shifts.linear]].forEach(([name, table]) => {
      const row = at(table, down, right), first = best(row);
      const line = make('span', said, {text: `${name} predicts `});
      make('b', line, {text: net.classes[first], 'data-name': 'predicted'});
      line.append(` (${percent(row[first])}). `);
    });
    moved(now);
  };
  sliders.forEach(slider => { slider.oninput = draw; });
  draw();
}

const CHART = {width: 420, height: 150, left: 40, top: 10, bottom: 34};

// The probability of the class at every shift to the side: one line for each model.
function drawLines(parent, shifts, net, at, meant, down, right) {
  const make2 = (tag, to, attributes, text) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    to.appendChild(made);
    return made;
  };
  const far = shifts.reach, {width, height, left, top, bottom} = CHART;
  const xOf = step => left + (step + far) / (2 * far) * (width - left - 10);
  const yOf = share => top + (1 - share) * (height - top - bottom);
  const svg = make2('svg', parent, {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label':
    `Probability of ${net.classes[meant]} at every shift to the side, for both models`});
  for (const share of [0, 0.5, 1]) {
    make2('line', svg, {x1: left, x2: width - 10, y1: yOf(share), y2: yOf(share),
      stroke: 'currentColor', 'stroke-opacity': 0.2});
    make2('text', svg, {x: left - 6, y: yOf(share) + 4, 'text-anchor': 'end'}, `${100 * share} %`);
  }
  for (const step of [-far, 0, far]) {
    make2('text', svg, {x: xOf(step), y: height - 18, 'text-anchor': 'middle'}, written(step));
  }
  make2('text', svg, {x: (left + width) / 2, y: height - 3, 'text-anchor': 'middle'},
    `pixels to the right · probability of ${net.classes[meant]}`);
  make2('line', svg, {x1: xOf(right), x2: xOf(right), y1: top, y2: height - bottom,
    stroke: 'currentColor', 'stroke-dasharray': '3 3'});
  [[net.title, shifts.network, '#0072B2', ''], [net.linear.title, shifts.linear, '#D55E00', '6 3']]
    .forEach(([name, table, colour, dashes]) => {
      const points = [];
      for (let step = -far; step <= far; step++) {
        points.push(`${xOf(step)},${yOf(at(table, down, step)[meant])}`);
      }
      const line = make2('polyline', svg, {points: points.join(' '), fill: 'none', stroke: colour,
        'stroke-width': 2.5, 'stroke-dasharray': dashes});
      make2('title', line, {}, name);
      const share = at(table, down, right)[meant];
      make2('circle', svg, {cx: xOf(right), cy: yOf(share), r: 4, fill: colour});
    });
  parent.replaceChildren(svg);
  const key = make('p', parent, {classes: 'shape'});
  key.append(`Solid: ${net.title}. Dashed: ${net.linear.title}.`);
}
