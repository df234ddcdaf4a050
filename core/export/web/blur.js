// Smoothing, and how steep brightness is. Beyond its edge an image is mirrored.

import { round } from "./numbers.js";
import { mapped, plane } from "./planes.js";

const mirror = (at, size) => {
  let index = at;
  while (index < 0 || index >= size) index = index < 0 ? -index : 2 * size - 2 - index;
  return size === 1 ? 0 : index;
};

function bell(side, sigma) {
  const half = side >> 1;
  const height = (i) => Math.exp(-((i - half) ** 2) / (2 * sigma ** 2));
  const values = Array.from({ length: side }, (_, i) => height(i));
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}

/** Bell weights as whole numbers of 256, where each takes over the rounding error of the last. */
function byteBell(side, sigma) {
  const weights = bell(side, sigma);
  const half = side >> 1;
  let [error, sum] = [0, 0];
  for (let i = 0; i < half; i += 1) {
    const wanted = weights[i] * 256 + error;
    weights[i] = weights[side - 1 - i] = round(wanted);
    error = wanted - weights[i];
    sum += weights[i];
  }
  weights[half] = 256 - 2 * sum;
  return weights;
}

/** Gaussian blur, of bytes or of a Float32Array. */
export function blur(image, sigma) {
  const isByte = image.data instanceof Uint8Array;
  const side = round(sigma * (isByte ? 3 : 4) * 2 + 1) | 1;
  const weights = isByte ? byteBell(side, sigma) : bell(side, sigma);
  const wide = filtered(image, weights, [1]);
  const smooth = filtered(wide, [1], weights);
  const level = (value) => (isByte ? Math.min(255, Math.floor(value / 65536 + 0.5)) : value);
  return mapped(smooth, level, image.data.constructor);
}

/** How steeply brightness changes at each pixel, a Float32Array (Sobel). */
export function steepness(image) {
  const across = filtered(image, [-1, 0, 1], [1, 2, 1]);
  const down = filtered(image, [1, 2, 1], [-1, 0, 1]);
  const steep = (value, i) => Math.sqrt(value ** 2 + down.data[i] ** 2) / 8;
  return mapped(across, steep, Float32Array);
}

function filtered({ data, width, height }, alongRow, alongColumn) {
  const lines = new Float64Array(width * height);
  const result = plane(width, height, new Float64Array(width * height));
  const half = alongRow.length >> 1;
  const padded = new Float64Array(width + 2 * half);
  const sources = Int32Array.from(padded, (_, at) => mirror(at - half, width));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < padded.length; x += 1) padded[x] = data[y * width + sources[x]];
    for (let k = 0; k < alongRow.length; k += 1) {
      for (let x = 0; x < width; x += 1) lines[y * width + x] += alongRow[k] * padded[x + k];
    }
  }
  for (let y = 0; y < height; y += 1) {
    for (let k = 0; k < alongColumn.length; k += 1) {
      const row = mirror(y + k - (alongColumn.length >> 1), height) * width;
      const weight = alongColumn[k];
      for (let x = 0; x < width; x += 1) result.data[y * width + x] += weight * lines[row + x];
    }
  }
  return result;
}
