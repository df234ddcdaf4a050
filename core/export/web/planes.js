// A plane is one channel of an image: {data, width, height}, its rows one after another.
// `data` is a Uint8Array, or a Float32Array where a function says so.

import { round } from "./numbers.js";

const MOST_PIXELS = 4_000_000; // larger images are reduced when they are read
const [FAINT, SEEN] = [32, 16]; // of 255: alpha below which nothing is seen, from which a pixel is
const [CLEAR, STANDS_OUT] = [100, 0.005]; // levels that so many pixels stand out from white

export const plane = (width, height, data = new Uint8Array(width * height)) => ({
  data,
  width,
  height,
});

/** The part of a plane within a rectangle. */
export function cut(image, left, top, width, height) {
  const part = plane(width, height, new image.data.constructor(width * height));
  for (let row = 0; row < height; row += 1) {
    const from = (top + row) * image.width + left;
    part.data.set(image.data.subarray(from, from + width), row * width);
  }
  return part;
}

/** Put a plane into another one, in place. */
export function paste(target, image, left, top) {
  for (let row = 0; row < image.height; row += 1) {
    const line = image.data.subarray(row * image.width, (row + 1) * image.width);
    target.data.set(line, (top + row) * target.width + left);
  }
  return target;
}

/** The plane with a margin of one level on every side. */
export function framed(image, margin, level = 0) {
  const { width, height, data } = image;
  const wide = plane(width + 2 * margin, height + 2 * margin, undefined);
  wide.data = new data.constructor(wide.width * wide.height).fill(level);
  return paste(wide, image, margin, margin);
}

/** Each pixel changed, in an array of the same kind or of another one. */
export function mapped({ data, width, height }, change, Kind = data.constructor) {
  const result = plane(width, height, new Kind(data.length));
  for (let i = 0; i < data.length; i += 1) result.data[i] = change(data[i], i);
  return result;
}

/** Where it is not 0, as 1. */
export const flags = (image, holds) => mapped(image, (value) => (holds(value) ? 1 : 0), Uint8Array);

/** The smallest rectangle that holds all pixels above 0: {left, top, width, height}. */
export function bounds({ data, width, height }) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      if (data[row * width + column] === 0) continue;
      left = Math.min(left, column);
      right = Math.max(right, column);
      top = Math.min(top, row);
      bottom = row;
    }
  }
  if (right < 0) return { left: 0, top: 0, width: 0, height: 0 };
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Brightness, from three planes: red, green, blue. */
export function toGrey([red, green, blue]) {
  const grey = plane(red.width, red.height);
  for (let i = 0; i < grey.data.length; i += 1) {
    const sum = 9798 * red.data[i] + 19235 * green.data[i] + 3735 * blue.data[i];
    grey.data[i] = (sum + 16384) >> 15;
  }
  return grey;
}

/** Three planes from the pixels of a canvas; what is transparent is laid over white. */
export function fromRgba({ data, width, height }) {
  const channels = [0, 1, 2].map(() => plane(width, height));
  const alpha = plane(width, height);
  for (let i = 0; i < alpha.data.length; i += 1) {
    for (let k = 0; k < 3; k += 1) channels[k].data[i] = data[4 * i + k];
    alpha.data[i] = data[4 * i + 3];
  }
  return alpha.data.every((value) => value === 255) ? channels : layOnGround(channels, alpha);
}

/** Over white; over black if it could not be seen on white. */
function layOnGround(channels, alpha) {
  let strongest = 0;
  for (const value of alpha.data) strongest = Math.max(strongest, value);
  if (strongest < FAINT) return channels;
  const shown = channels.map((one) =>
    mapped(one, (value, i) => round((value * alpha.data[i]) / 255)),
  );
  const onWhite = shown.map((one) => mapped(one, (value, i) => value + 255 - alpha.data[i]));
  const [white, black] = [toGrey(onWhite), toGrey(shown)];
  const fromWhite = [];
  const fromBlack = [];
  for (let i = 0; i < alpha.data.length; i += 1) {
    if (alpha.data[i] < SEEN) continue;
    fromWhite.push(255 - white.data[i]);
    fromBlack.push(black.data[i]);
  }
  const top = (values) => {
    values.sort((a, b) => a - b);
    return values[Math.floor((1 - STANDS_OUT) * (values.length - 1))];
  };
  return top(fromWhite) < Math.min(CLEAR, top(fromBlack)) ? shown : onWhite;
}

/** How wide and tall an image of so many pixels is read. */
export function sizeRead(width, height) {
  const factor = Math.max(1, Math.ceil(Math.sqrt((width * height) / MOST_PIXELS)));
  return [Math.ceil(width / factor), Math.ceil(height / factor)];
}
