// Any image becomes what a model was trained on. A recipe takes three planes (red, green, blue) and
// the model's input shape, and gives {items, rows}: for each thing in the image the planes that the
// model sees, and how many stand in each row.

import { MOST_DIGITS } from "./digits.js";
import { findInk } from "./ink.js";
import { LAYOUTS, normaliseDigit } from "./normalise.js";
import { median, round } from "./numbers.js";
import { cut, mapped, paste, plane, toGrey } from "./planes.js";
import { enlargeCubic, reduceByArea, resizeLinear } from "./resize.js";

const ITEM_SIDE = 28;
const ITEM_CLOSE = 13; // levels that still count as the colour of the corners

const digits = (name) => (channels) => {
  const { rows } = findInk(toGrey(channels));
  const count = rows.flat().length;
  if (count > MOST_DIGITS) {
    throw new Error(
      `At most ${MOST_DIGITS} digits are recognised in one image. Received: about ${count}. ` +
        "Cut the image into pieces.",
    );
  }
  const items = rows.flat().map((digit) => [normaliseDigit(digit, LAYOUTS[name])]);
  return { items, rows: rows.map((row) => row.length) };
};

/** One piece of clothing: trimmed, its longest side at 28 pixels, centred, light on dark. */
function item(channels) {
  const grey = toGrey(channels);
  const { width, height, data } = grey;
  const corners = [0, width - 1, (height - 1) * width, height * width - 1].map((at) => data[at]);
  const ground = Math.floor(median(corners));
  const other = mapped(grey, (level) => (Math.abs(level - ground) > ITEM_CLOSE ? 1 : 0));
  const box = trimmed(other);
  const part = cut(grey, box.left, box.top, box.width, box.height);
  const light = ground > 127 ? mapped(part, (level) => 255 - level) : part;
  const factor = ITEM_SIDE / Math.max(part.width, part.height);
  const size = [part.width, part.height].map((side) => Math.max(1, round(side * factor)));
  const small = (factor < 1 ? reduceByArea : enlargeCubic)(light, ...size);
  const canvas = mapped(plane(ITEM_SIDE, ITEM_SIDE), () => Math.min(ground, 255 - ground));
  const [left, top] = size.map((side) => Math.floor((ITEM_SIDE - side) / 2));
  return { items: [[paste(canvas, small, left, top)]], rows: [] };
}

function trimmed(other) {
  const { width, height, data } = other;
  const columns = [];
  const rows = [];
  data.forEach((value, i) => {
    if (!value) return;
    columns[i % width] = true;
    rows[Math.floor(i / width)] = true;
  });
  if (rows.length === 0) {
    throw new Error("The image is blank: it has one colour. Show one piece of clothing.");
  }
  const [left, top] = [columns.indexOf(true), rows.indexOf(true)];
  return { left, top, width: columns.length - left, height: rows.length - top };
}

/** The largest part from the middle of a photo, in the model's size. */
function photo(channels, [tall, wide, depth]) {
  const planes = depth === 3 ? channels : [toGrey(channels)];
  const { width, height } = planes[0];
  if (width === wide && height === tall) return { items: [planes], rows: [] };
  const factor = Math.min(height / tall, width / wide);
  const part = [Math.min(width, Math.max(1, round(wide * factor))), 0];
  part[1] = Math.min(height, Math.max(1, round(tall * factor)));
  const left = Math.floor((width - part[0]) / 2);
  const top = Math.floor((height - part[1]) / 2);
  const fit = factor > 1 ? reduceByArea : resizeLinear;
  return { items: [planes.map((one) => fit(cut(one, left, top, ...part), wide, tall))], rows: [] };
}

const CENTRE = 0.875; // of the shorter side

/** The same, narrower by an eighth. */
function centre(channels, shape) {
  const { width, height } = channels[0];
  const side = Math.max(1, round(Math.min(width, height) * CENTRE));
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  return photo(channels.map((one) => cut(one, left, top, side, side)), shape);
}

export const RECIPES = {
  mnist_digit: digits("mnist_digit"),
  optdigits_digit: digits("optdigits_digit"),
  fashion_item: item,
  photo,
  photo_centre: centre,
};

/** The numbers that a model takes, 0 to 255: the channels of a pixel side by side. */
export function toInput(planes) {
  const values = new Float32Array(planes.length * planes[0].data.length);
  planes.forEach((one, channel) => {
    one.data.forEach((level, i) => {
      values[i * planes.length + channel] = level;
    });
  });
  return values;
}
