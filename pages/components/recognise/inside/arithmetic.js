// How a number of a row is computed from the rows before it: the same sums as in the file that
// serves, with every term kept so that it can be shown. A row is described in core/explain/rows.py.

const ACTIVATE = {
  '': value => value,
  relu: value => Math.max(value, 0),
  relu_n1: value => Math.max(-1, Math.min(value, 1)),
  relu6: value => Math.min(Math.max(value, 0), 6),
  tanh: Math.tanh,
  sigmoid: value => 1 / (1 + Math.exp(-value)),
  hard_swish: value => value * Math.min(Math.max(value + 3, 0), 6) / 6,
};
const ACTIVATION_NAMES = {
  relu: 'ReLU', relu_n1: 'ReLU from −1 to 1', relu6: 'ReLU6', tanh: 'tanh', sigmoid: 'Sigmoid',
  hard_swish: 'Hard swish',
};

// The number at a place of a row; undefined where it was not sent.
function numberAt(row, y, x, channel) {
  const values = row.values;
  if (!values) return undefined;
  const [height, width, depth] = values.numbers.shape;
  const place = values.channels ? values.channels.indexOf(channel) : channel;
  const down = y - values.top, right = x - values.left;
  if (place < 0 || down < 0 || right < 0 || down >= height || right >= width) return undefined;
  return values.numbers.data[(down * width + right) * depth + place];
}

const insideOf = (row, y, x) => y >= 0 && x >= 0 && y < row.shape[0] && x < row.shape[1];

// Which filter of those that were sent; -1 if it was not.
function filterAt(row, channel) {
  if (!row.weights) return -1;
  return row.filters ? row.filters.indexOf(channel) : channel;
}

// The top left corner of the window of a pixel; it may lie outside, where padding is.
const cornerOf = (row, y, x) => [
  y * row.stride[0] - row.padding[0], x * row.stride[1] - row.padding[1],
];

const finished = (row, found, before) => ({
  ...found, before, value: ACTIVATE[row.activation](before), complete: Number.isFinite(before),
});

// One entry for each input channel, with its terms and their sum; then the bias.
function convolutionAt(rows, row, y, x, filter) {
  const source = rows[row.sources[0]], place = filterAt(row, filter);
  if (place < 0) return {complete: false};
  const [, height, width, depth] = row.weights.shape;
  const [top, left] = cornerOf(row, y, x);
  const first = Math.floor(filter / (row.shape[2] / row.groups)) * depth;
  const channels = [];
  let total = 0;
  for (let c = 0; c < depth; c++) {
    const terms = [];
    let sum = 0;
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const down = top + i * row.dilation[0], right = left + j * row.dilation[1];
        const seen = insideOf(source, down, right);
        const input = seen ? numberAt(source, down, right, first + c) : 0;
        const weight = row.weights.data[((place * height + i) * width + j) * depth + c];
        sum += input * weight;
        terms.push({y: down, x: right, input, weight, product: input * weight, seen});
      }
    }
    total += sum;
    channels.push({channel: first + c, terms, sum});
  }
  const bias = row.bias.data[place];
  return finished(row, {channels, sum: total, bias}, total + bias);
}

function windowAt(rows, row, y, x, channel) {
  const source = rows[row.sources[0]], [top, left] = cornerOf(row, y, x);
  const terms = [];
  for (let i = 0; i < row.window[0]; i++) {
    for (let j = 0; j < row.window[1]; j++) {
      if (insideOf(source, top + i, left + j)) {
        const input = numberAt(source, top + i, left + j, channel);
        terms.push({y: top + i, x: left + j, input});
      }
    }
  }
  return {channel, terms};
}

function maxPoolingAt(rows, row, y, x, channel) {
  const found = windowAt(rows, row, y, x, channel);
  return finished(row, found, Math.max(...found.terms.map(term => term.input)));
}

function averageAt(rows, row, y, x, channel) {
  const found = windowAt(rows, row, y, x, channel);
  const sum = found.terms.reduce((total, term) => total + term.input, 0);
  return finished(row, {...found, sum}, sum / found.terms.length);
}

// Where the nth number of a row stands; rows of several pixels go into a vector in that order.
function placeOf(row, index) {
  const [, width, depth] = row.shape;
  const pixel = Math.floor(index / depth);
  return [Math.floor(pixel / width), pixel % width, index % depth];
}

const sizeOf = row => row.shape[0] * row.shape[1] * row.shape[2];

function denseAt(rows, row, y, x, unit) {
  const source = rows[row.sources[0]], place = filterAt(row, unit), count = sizeOf(source);
  if (place < 0) return {complete: false};
  const terms = [];
  let sum = 0;
  for (let index = 0; index < count; index++) {
    const input = numberAt(source, ...placeOf(source, index));
    const weight = row.weights.data[place * count + index];
    sum += input * weight;
    terms.push({index, input, weight, product: input * weight});
  }
  const bias = row.bias.data[place];
  return finished(row, {terms, sum, bias}, sum + bias);
}

function softmaxAt(rows, row, y, x, index) {
  const source = rows[row.sources[0]], count = sizeOf(source);
  const logits = Array.from({length: count}, (_, c) => row.beta * numberAt(source, 0, 0, c));
  const most = Math.max(...logits);
  const powers = logits.map(logit => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return finished(row, {logits, most, powers, sum}, powers[index] / sum);
}

const BETWEEN = {
  add: (one, other) => one + other,
  multiply: (one, other) => one * other,
  subtract: (one, other) => one - other,
};

function betweenAt(rows, row, y, x, channel) {
  const inputs = row.sources.map(place => {
    const source = rows[place], single = source.shape[0] * source.shape[1] === 1;
    return numberAt(source, single ? 0 : y, single ? 0 : x, channel);
  });
  if (row.weights) inputs.push(row.weights.data[row.weights.data.length === 1 ? 0 : channel]);
  return finished(row, {inputs, channel}, BETWEEN[row.kind](...inputs));
}

function activationAt(rows, row, y, x, channel) {
  return finished(row, {channel}, numberAt(rows[row.sources[0]], y, x, channel));
}

// A number that is copied from elsewhere, or 0 where padding is.
function copied(rows, row, source, y, x, channel) {
  const seen = insideOf(rows[source], y, x);
  const input = seen ? numberAt(rows[source], y, x, channel) : 0;
  return finished(row, {from: {source, y, x, channel, seen}}, input);
}

function flattenAt(rows, row, y, x, channel) {
  const index = (y * row.shape[1] + x) * row.shape[2] + channel;
  return copied(rows, row, row.sources[0], ...placeOf(rows[row.sources[0]], index));
}

function padAt(rows, row, y, x, channel) {
  return copied(rows, row, row.sources[0], ...cornerOf(row, y, x), channel);
}

function concatenationAt(rows, row, y, x, channel) {
  let place = channel;
  for (const source of row.sources) {
    if (place < rows[source].shape[2]) return copied(rows, row, source, y, x, place);
    place -= rows[source].shape[2];
  }
  return {complete: false};
}

// The two pixels around a place along one side, with their weights.
function neighbours(row, place, from, to) {
  let exact = place * from / to;
  if (row.corners === 1 && to > 1) exact = place * (from - 1) / (to - 1);
  if (row.corners === 2) exact = (place + 0.5) * from / to - 0.5;
  if (row.nearest) return [[Math.min(Math.floor(exact), from - 1), 1]];
  const below = Math.max(Math.floor(exact), 0);
  const share = exact - Math.floor(exact);
  if (exact < 0) return [[0, 1]];
  return [[Math.min(below, from - 1), 1 - share], [Math.min(below + 1, from - 1), share]];
}

function resizeAt(rows, row, y, x, channel) {
  const source = rows[row.sources[0]], terms = [];
  let sum = 0;
  for (const [down, rowShare] of neighbours(row, y, source.shape[0], row.shape[0])) {
    for (const [right, share] of neighbours(row, x, source.shape[1], row.shape[1])) {
      const input = numberAt(source, down, right, channel), weight = rowShare * share;
      sum += input * weight;
      terms.push({y: down, x: right, input, weight, product: input * weight});
    }
  }
  return finished(row, {channel, terms, sum}, sum);
}

const COMPUTE = {
  convolution: convolutionAt, max_pooling: maxPoolingAt, average_pooling: averageAt,
  mean: averageAt, dense: denseAt, softmax: softmaxAt, add: betweenAt, multiply: betweenAt,
  subtract: betweenAt, activation: activationAt, flatten: flattenAt, pad: padAt,
  concatenation: concatenationAt, resize: resizeAt,
};

// How the number at a place of a row is computed; null for the input and for what is not known.
// `complete` is false where a number that it needs was not sent.
function computed(rows, index, y, x, channel) {
  const row = rows[index], compute = COMPUTE[row.kind];
  return compute ? compute(rows, row, y, x, channel) : null;
}
