// Colours of numbers, which people with any kind of colour vision can tell apart.
//
// Numbers from 0 upwards: cividis (Nuñez, Anderton & Renslow 2018). Numbers of both signs: orange
// below 0, blue above, as in the confusion matrix. Pixels: grey.

const CIVIDIS = [[0, 32, 77], [0, 52, 110], [57, 73, 107], [93, 95, 108], [123, 117, 119],
  [155, 141, 119], [189, 166, 110], [224, 194, 92], [255, 233, 69]];
const BELOW = [190, 78, 0], MIDDLE = [246, 246, 246], ABOVE = [0, 90, 145];
const SHADES = 256;

function mixed(one, other, share) {
  return one.map((value, place) => value + (other[place] - value) * share);
}

// Tables of 256 colours, red, green, blue, opaque.
function tableOf(colourAt) {
  const table = new Uint32Array(SHADES);
  const bytes = new Uint8ClampedArray(table.buffer);
  for (let shade = 0; shade < SHADES; shade++) {
    const [red, green, blue] = colourAt(shade / (SHADES - 1));
    bytes.set([Math.round(red), Math.round(green), Math.round(blue), 255], 4 * shade);
  }
  return table;
}

const TABLES = {
  grey: tableOf(share => [255 * share, 255 * share, 255 * share]),
  sequential: tableOf(share => {
    const place = share * (CIVIDIS.length - 1), first = Math.min(Math.floor(place), 7);
    return mixed(CIVIDIS[first], CIVIDIS[first + 1], place - first);
  }),
  diverging: tableOf(share => share < 0.5
    ? mixed(BELOW, MIDDLE, 2 * share) : mixed(MIDDLE, ABOVE, 2 * share - 1)),
};

// The scale of numbers in a range: which table, and which numbers its ends stand for.
function scaleOf(low, high, kind = '') {
  if (kind === 'grey') return {kind, low: 0, high: 255};
  if (low >= 0) return {kind: 'sequential', low: 0, high: high || 1};
  const most = Math.max(-low, high) || 1;
  return {kind: 'diverging', low: -most, high: most};
}

function shadeOf(scale, value) {
  const share = (value - scale.low) / (scale.high - scale.low);
  return Math.max(0, Math.min(SHADES - 1, Math.round(share * (SHADES - 1))));
}

// The colour of a number, for CSS, and black or white for text on it (WCAG 2.2).
function colourOf(scale, value) {
  const colour = TABLES[scale.kind][shadeOf(scale, value)];
  const channels = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const linear = channels.map(one => one / 255)
    .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return {background: `rgb(${channels})`, text: luminance > 0.179 ? '#000' : '#fff'};
}

// Draw numbers on a canvas, one pixel each; `valueAt(y, x)` gives them, undefined stays empty.
function paint(canvas, height, width, valueAt, scale) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer), table = TABLES[scale.kind];
  for (let y = 0, place = 0; y < height; y++) {
    for (let x = 0; x < width; x++, place++) {
      const value = valueAt(y, x);
      if (value !== undefined) pixels[place] = table[shadeOf(scale, value)];
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

// A bar of a scale's colours with the numbers at its ends.
function legend(parent, scale) {
  const place = make('span', parent, {classes: 'legend'});
  make('span', place, {text: written(scale.low, 2)});
  const bar = make('canvas', place, {'aria-hidden': 'true'});
  const step = (scale.high - scale.low) / 63;
  paint(bar, 1, 64, (y, x) => scale.low + x * step, scale);
  make('span', place, {text: written(scale.high, 2)});
  return place;
}
