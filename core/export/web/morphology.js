// Growing and shrinking of what is light, by a shape.

import { plane, mapped } from "./planes.js";

/** The half widths of an ellipse, row by row. */
export function ellipse(side) {
  const reach = side >> 1;
  const widths = [];
  for (let down = -reach; down <= reach; down += 1) {
    widths.push(Math.round(reach * Math.sqrt(1 - (down / Math.max(1, reach)) ** 2)));
  }
  return widths;
}

/** A square of that side. */
export const square = (side) => new Array(side).fill(side >> 1);

/** The largest value under the shape; beyond the edge there is nothing. */
export function dilate(image, widths) {
  const { width, height } = image;
  const result = plane(width, height, new image.data.constructor(width * height));
  const lines = new Map(); // largest values along rows, by half width
  const busy = Array.from({ length: height }, (_, y) =>
    image.data.subarray(y * width, (y + 1) * width).some((value) => value > 0),
  );
  for (const half of widths) if (!lines.has(half)) lines.set(half, alongRows(image, half, busy));
  const reach = widths.length >> 1;
  widths.forEach((half, index) => {
    const source = lines.get(half);
    const shift = index - reach;
    for (let y = Math.max(0, -shift); y < Math.min(height, height - shift); y += 1) {
      if (!busy[y + shift]) continue;
      const [to, from] = [y * width, (y + shift) * width];
      for (let x = 0; x < width; x += 1) {
        if (source[from + x] > result.data[to + x]) result.data[to + x] = source[from + x];
      }
    }
  });
  return result;
}

/** The largest value within `half` pixels to the left and right (van Herk, Gil and Werman). */
function alongRows({ data, width, height }, half, busy) {
  if (half === 0) return data;
  const size = 2 * half + 1;
  const padded = Math.ceil((width + 2 * half) / size) * size;
  const line = new data.constructor(padded);
  const [forth, back] = [new data.constructor(padded), new data.constructor(padded)];
  const result = new data.constructor(width * height);
  for (let y = 0; y < height; y += 1) {
    if (!busy[y]) continue;
    line.set(data.subarray(y * width, (y + 1) * width), half);
    for (let i = 0; i < padded; i += 1) {
      forth[i] = i % size === 0 ? line[i] : Math.max(forth[i - 1], line[i]);
    }
    for (let i = padded - 1; i >= 0; i -= 1) {
      back[i] = i % size === size - 1 ? line[i] : Math.max(back[i + 1], line[i]);
    }
    for (let x = 0; x < width; x += 1) {
      result[y * width + x] = Math.max(back[x], forth[x + size - 1]);
    }
  }
  return result;
}

const inverted = (image) => mapped(image, (value) => 255 - value);

/** The smallest value under the shape; only of bytes. */
export const erode = (image, widths) => inverted(dilate(inverted(image), widths));

/** Dark spots that the shape covers are filled. */
export const close = (image, widths) => erode(dilate(image, widths), widths);
