// The ways to change an image's size that models were trained with: OpenCV's, with its rounding.

import { clamp, toByte } from "./numbers.js";
import { plane } from "./planes.js";

const BITS = 11; // of the fixed-point weights of linear interpolation

/** Reduced: each pixel is the mean of the area that it covers. Both sides must not grow. */
export function reduceByArea(image, width, height) {
  const across = image.width / width;
  const down = image.height / height;
  if (across === 1 && down === 1) return image;
  if (Number.isInteger(across) && Number.isInteger(down)) return byBlocks(image, width, height);
  const columns = shares(image.width, width);
  const rows = shares(image.height, height);
  const small = plane(width, height, new image.data.constructor(width * height));
  const isByte = image.data instanceof Uint8Array;
  const line = new Float32Array(width);
  for (let y = 0; y < height; y += 1) {
    const sums = new Float32Array(width);
    for (const [row, weight] of rows[y]) {
      const start = row * image.width;
      for (let x = 0; x < width; x += 1) {
        let sum = 0;
        for (const [column, part] of columns[x]) {
          sum = Math.fround(sum + Math.fround(image.data[start + column] * part));
        }
        line[x] = sum;
      }
      for (let x = 0; x < width; x += 1) sums[x] += Math.fround(weight * line[x]);
    }
    for (let x = 0; x < width; x += 1) {
      small.data[y * width + x] = isByte ? toByte(sums[x]) : sums[x];
    }
  }
  return small;
}

/** Which pixels each new one covers, and by which share. */
function shares(from, to) {
  const scale = from / to;
  return Array.from({ length: to }, (_, index) => {
    const [start, end] = [index * scale, (index + 1) * scale];
    const size = Math.min(scale, from - start);
    const last = Math.min(Math.floor(end), from - 1);
    const first = Math.min(Math.ceil(start), last);
    const covered = [];
    if (first - start > 1e-3) covered.push([first - 1, Math.fround((first - start) / size)]);
    for (let k = first; k < last; k += 1) covered.push([k, Math.fround(1 / size)]);
    if (end - last > 1e-3) {
      covered.push([last, Math.fround(Math.min(Math.min(end - last, 1), size) / size)]);
    }
    return covered;
  });
}

/** Where a whole number of pixels becomes one, sums are exact. */
function byBlocks(image, width, height) {
  const [across, down] = [image.width / width, image.height / height];
  const small = plane(width, height, new image.data.constructor(width * height));
  const isByte = image.data instanceof Uint8Array;
  const scale = Math.fround(1 / (across * down));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let row = y * down; row < (y + 1) * down; row += 1) {
        for (let column = x * across; column < (x + 1) * across; column += 1) {
          sum += image.data[row * image.width + column];
        }
      }
      const mean = across === 2 && down === 2 && isByte ? (sum + 2) >> 2 : Math.fround(sum * scale);
      small.data[y * width + x] = isByte ? toByte(mean) : mean;
    }
  }
  return small;
}

const cubic = (x) => {
  const A = -0.75;
  const near = (t) => ((A + 2) * t - (A + 3)) * t * t + 1;
  const far = (t) => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
  const weights = [far(x + 1), near(x), near(1 - x)];
  return [...weights, 1 - weights[0] - weights[1] - weights[2]];
};
const linear = (x) => [1 - x, x];

/** Enlarged through a smooth curve over four pixels. */
export const enlargeCubic = (image, width, height) => interpolated(image, width, height, cubic);

/** Through straight lines between two pixels. */
export const resizeLinear = (image, width, height) => interpolated(image, width, height, linear);

function interpolated(image, width, height, kernel) {
  if (image.width === width && image.height === height) return image;
  const isByte = image.data instanceof Uint8Array;
  const unit = isByte && kernel === linear ? 2 ** BITS : 1; // OpenCV takes whole weights there
  const columns = taps(image.width, width, kernel, unit);
  const rows = taps(image.height, height, kernel, unit);
  const wide = new Float64Array(width * image.height);
  for (let y = 0; y < image.height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (const [at, weight] of columns[x]) sum += image.data[y * image.width + at] * weight;
      wide[y * width + x] = sum;
    }
  }
  const result = plane(width, height, new image.data.constructor(width * height));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (const [row, weight] of rows[y]) sum += wide[row * width + x] * weight;
      result.data[y * width + x] = isByte ? toByte(sum / unit ** 2) : sum;
    }
  }
  return result;
}

/** Which pixels each new one lies between, and their weights, rounded to units if they are. */
function taps(from, to, kernel, unit) {
  const scale = from / to;
  return Array.from({ length: to }, (_, index) => {
    const at = Math.fround((index + 0.5) * scale - 0.5);
    let start = Math.floor(at);
    let rest = at - start;
    if (kernel === linear && start < 0) [start, rest] = [0, 0];
    if (kernel === linear && start >= from - 1) [start, rest] = [from - 1, 0];
    const weights = kernel(rest);
    const first = start - weights.length / 2 + 1;
    return weights.map((weight, k) => [
      clamp(first + k, 0, from - 1),
      unit > 1 ? Math.round(weight * unit) : weight,
    ]);
  });
}
