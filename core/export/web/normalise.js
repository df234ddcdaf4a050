// One digit as MNIST or optdigits show it: cropped, its stroke adjusted, scaled, centred.

import { median, round, toByte } from "./numbers.js";
import { bounds, cut, framed, flags, mapped, paste, plane } from "./planes.js";
import { distances } from "./pieces.js";
import { dilate, ellipse, erode, square } from "./morphology.js";
import { enlargeCubic, reduceByArea } from "./resize.js";

const WORK = 96; // longest side, in pixels, at which strokes are measured and changed
const MARGIN = 12; // room around it for a stroke to grow into

export const LAYOUTS = {
  mnist_digit: {
    side: 28,
    box: [20, 20], // height and width that the digit is scaled to fit in
    byMass: true, // centred by the centre of mass, else by the middle
    usual: [0.05, 0.235], // stroke widths left alone, of the digit's longest side
    adjusted: [0.09, 0.19], // what a thinner or a thicker stroke is brought to
  },
  optdigits_digit: {
    side: 8,
    box: [8, 6],
    byMass: false,
    usual: [0.18, 0.35],
    adjusted: [0.22, 0.3],
  },
};

/** The image of one digit, as a model sees it. */
export function normaliseDigit(ink, layout) {
  const digit = adjustStroke(cropToInk(ink), layout);
  const [height, width] = layout.box;
  return centre(scaled(digit, Math.min(height / digit.height, width / digit.width)), layout);
}

export function cropToInk(ink) {
  const { left, top, width, height } = bounds(ink);
  return cut(ink, left, top, width, height);
}

/** Typical width of the stroke: twice the distance from its middle line to its edge. */
export function strokeWidth(digit) {
  const mask = framed(flags(digit, (value) => value > 127), 1);
  const away = distances(mask);
  const widest = dilate(away, square(3));
  const ridge = away.data.filter((value, i) => mask.data[i] && value >= widest.data[i]);
  return ridge.length ? 2 * median(ridge) - 1 : 0;
}

function scaled(crop, factor) {
  const width = Math.max(1, round(crop.width * factor));
  const height = Math.max(1, round(crop.height * factor));
  return fullContrast((factor < 1 ? reduceByArea : enlargeCubic)(crop, width, height));
}

function fullContrast(image) {
  const most = image.data.reduce((best, value) => Math.max(best, value), 1);
  const factor = Math.fround(255 / most);
  return mapped(image, (value) => toByte(Math.fround(value * factor)));
}

function adjustStroke(crop, layout) {
  const large = scaled(crop, WORK / Math.max(crop.width, crop.height));
  const width = strokeWidth(large);
  const [low, high] = layout.usual.map((part) => part * WORK);
  if (low <= width && width <= high) return crop;
  const grow = width < low;
  const wanted = layout.adjusted[grow ? 0 : 1] * WORK;
  const reach = Math.max(1, round(Math.abs(wanted - width) / 2));
  const shape = ellipse(2 * reach + 1);
  const changed = (grow ? dilate : erode)(framed(large, MARGIN), shape);
  return changed.data.some((value) => value >= 128) ? cropToInk(changed) : crop;
}

function centre(digit, { side, byMass }) {
  const { width, height, data } = digit;
  let [across, down] = [width / 2, height / 2];
  if (byMass) {
    let mass = 0;
    [across, down] = [0, 0];
    for (let i = 0; i < data.length; i += 1) {
      mass += data[i];
      across += data[i] * (i % width);
      down += data[i] * Math.floor(i / width);
    }
    [across, down] = [across / mass, down / mass];
  }
  const left = Math.min(Math.max(round(side / 2 - across), 0), side - width);
  const top = Math.min(Math.max(round(side / 2 - down), 0), side - height);
  return paste(plane(side, side), digit, left, top);
}
