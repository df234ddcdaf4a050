// How much each pixel differs from the ground it lies on. A contrast is {values, dark, even,
// exact}: a Float32Array plane from 0 to 1, whether ink is darker than its ground, whether the
// ground has one level, and whether much of it has exactly that level, as only drawings do.

import { blur } from "./blur.js";
import { clamp, histogram, otsu, percentile, round } from "./numbers.js";
import { cut, flags, framed, mapped, plane } from "./planes.js";
import { close, ellipse } from "./morphology.js";
import { enlargeCubic, reduceByArea, resizeLinear } from "./resize.js";

const EVEN_FRACTION = 0.6; // of the image must be close to one level to be even ground,
const EVEN_LEVELS = 6; // and how close that is;
const EXACT_FRACTION = 0.15; // or the fraction that must have exactly that level,
const EXACT_BORDER = 0.2; // if this fraction of the border is close to it too
const DARKEST = 50; // levels: on ground darker than that, grain would be as strong as ink
const [GRID, ROUNDS] = [48, 8]; // side at which the light is fitted, and how often
const [NEAR, NEAR_FRACTION] = [0.05, 0.5]; // how near the light most of the pixels must lie
const LEAST_COVERED = 0.15; // of the image: how much must be bare ground

/** Against one level, then against light that varies smoothly, then against a closing. */
export function* contrasts(grey) {
  yield* evenContrasts(grey);
  const smooth = blur(grey, Math.max(0.5, Math.max(grey.width, grey.height) / 500));
  yield* curvedContrasts(smooth);
  yield* closedContrasts(smooth);
}

function* evenContrasts(grey) {
  const { level, exact } = evenGround(grey);
  if (level === null) return;
  let balance = 0;
  for (const value of grey.data) balance += level - value;
  for (const dark of [balance >= 0, balance < 0]) {
    const away = (value) => Math.max(0, dark ? level - value : value - level) / 255;
    yield { values: mapped(grey, away, Float32Array), dark, even: true, exact };
  }
}

/** The level of an even ground, null if it is uneven; and whether it is drawn. */
export function evenGround({ data, width, height }) {
  const counts = histogram(data).map((count) => count / data.length);
  const sumNear = (level) => {
    let sum = 0;
    for (let k = -EVEN_LEVELS; k <= EVEN_LEVELS; k += 1) sum += counts[level + k] || 0;
    return sum;
  };
  const near = counts.map((_, level) => sumNear(level));
  const largest = (values) => values.indexOf(Math.max(...values));
  const onBorder = (level) => borderFraction(data, width, height, level);
  const first = largest(near);
  const second = largest(near.map((value, i) => (Math.abs(i - first) <= 40 ? 0 : value)));
  const isFar = Math.abs(second - first) > 40;
  const swap = isFar && near[second] > 0.15 && onBorder(second) > onBorder(first) + 0.2;
  const around = swap ? second : first;
  const low = Math.max(0, around - EVEN_LEVELS);
  const level = low + largest(counts.slice(low, around + EVEN_LEVELS + 1));
  const exact = counts[level] >= EXACT_FRACTION && onBorder(level) >= EXACT_BORDER;
  return { level: near[around] >= EVEN_FRACTION || exact ? level : null, exact };
}

/** The fraction of the border that is close to a level. */
function borderFraction(data, width, height, level) {
  let [close, all] = [0, 0];
  const look = (at) => {
    all += 1;
    close += Math.abs(data[at] - level) <= 2 * EVEN_LEVELS ? 1 : 0;
  };
  for (let x = 0; x < width; x += 1) [x, (height - 1) * width + x].forEach(look);
  for (let y = 1; y < height - 1; y += 1) [y * width, y * width + width - 1].forEach(look);
  return close / all;
}

function* curvedContrasts(smooth) {
  const ground = surface(smooth, mapped(smooth, () => 255));
  if (ground) {
    let balance = 0;
    for (let i = 0; i < smooth.data.length; i += 1) balance += ground.data[i] - smooth.data[i];
    for (const dark of [balance >= 0, balance < 0]) yield against(smooth, ground, dark);
    return;
  }
  const threshold = otsu(smooth.data);
  for (const dark of [true, false]) {
    const there = mapped(smooth, (value) => (value > threshold === dark ? 255 : 0));
    const under = surface(smooth, there);
    if (under) yield against(smooth, under, dark);
  }
}

/** Contrast with an uneven ground, as a ratio, since shadows multiply. */
function against(channel, ground, dark) {
  const ratio = (level, i) => {
    const away = dark ? ground.data[i] - level : level - ground.data[i];
    const full = Math.max(dark ? ground.data[i] : 255 - ground.data[i], DARKEST);
    return clamp(away / full, 0, 1);
  };
  return { values: mapped(channel, ratio, Float32Array), dark, even: false, exact: false };
}

/** The curved surface of second degree near which most of some pixels lie; null without one. */
function surface(grey, there) {
  const side = Math.min(GRID, grey.width, grey.height);
  const small = reduceByArea(grey, side, side);
  const counted = reduceByArea(there, side, side);
  const place = (index) => (side === 1 ? -1 : (2 * index) / (side - 1) - 1);
  const terms = Array.from({ length: side * side }, (_, i) => {
    const [down, across] = [place(Math.floor(i / side)), place(i % side)];
    return [1, down, across, down * across, down ** 2, across ** 2];
  });
  const used = [...terms.keys()].filter((i) => counted.data[i] === 255);
  if (used.length / terms.length < LEAST_COVERED) return null;
  const level = (weights, i) => terms[i].reduce((sum, term, k) => sum + term * weights[k], 0);
  let weights = used.map(() => 1);
  let [found, away] = [null, null];
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    found = leastSquares(used.map((i) => terms[i]), used.map((i) => small.data[i]), weights);
    if (!found) return null;
    away = used.map((i) => Math.abs(small.data[i] - level(found, i)));
    weights = away.map((distance) => 1 / Math.max(distance, 1));
  }
  const near = used.filter((i, k) => away[k] <= Math.max(NEAR * small.data[i], 3)).length;
  if (near / used.length < NEAR_FRACTION) return null;
  const fitted = Float32Array.from(terms, (_, i) => level(found, i));
  return enlargeCubic(plane(side, side, fitted), grey.width, grey.height);
}

/** Weighted least squares by the normal equations; null if they have no single solution. */
function leastSquares(rows, values, weights) {
  const size = rows[0].length;
  const system = Array.from({ length: size }, () => new Float64Array(size + 1));
  rows.forEach((row, n) => {
    for (let i = 0; i < size; i += 1) {
      for (let k = 0; k < size; k += 1) system[i][k] += weights[n] * row[i] * row[k];
      system[i][size] += weights[n] * row[i] * values[n];
    }
  });
  for (let i = 0; i < size; i += 1) {
    const pivot = system
      .slice(i)
      .reduce((best, row) => (Math.abs(row[i]) > Math.abs(best[i]) ? row : best));
    if (Math.abs(pivot[i]) < 1e-9) return null;
    const at = system.indexOf(pivot);
    [system[i], system[at]] = [system[at], system[i]];
    for (let row = 0; row < size; row += 1) {
      if (row === i) continue;
      const factor = system[row][i] / system[i][i];
      for (let k = i; k <= size; k += 1) system[row][k] -= factor * system[i][k];
    }
  }
  return system.map((row, i) => row[size] / row[i]);
}

function* closedContrasts(smooth) {
  const board = mapped(smooth, (value) => 255 - value);
  const [paper, slate] = [groundUnder(smooth, 0), groundUnder(board, 0)];
  const middle = (image) => Math.floor(percentile(histogram(image.data), 0.5));
  // Without its ink the ground is smooth; counted as ground, strokes leave their edges in it.
  const darkFirst = roughness(paper) <= roughness(slate);
  for (const dark of [darkFirst, !darkFirst]) {
    if (dark) yield against(smooth, groundUnder(smooth, middle(paper)), true);
    else yield against(smooth, mapped(groundUnder(board, middle(slate)), (v) => 255 - v), false);
  }
}

/** The light ground without the dark strokes on it. */
function groundUnder(grey, beyond) {
  const small = Math.min(grey.width, grey.height) >= 200 ? halved(grey) : grey;
  const { width, height } = small;
  const side = round(Math.min(Math.sqrt(width * height) / 4, 0.6 * Math.min(width, height)));
  const reach = Math.max(3, side) | 1;
  const closed = close(framed(small, reach, beyond), ellipse(reach));
  return resizeLinear(cut(closed, reach, reach, width, height), grey.width, grey.height);
}

function halved(image) {
  const [width, height] = [image.width, image.height].map((side) => round(side / 2));
  if (image.width % 2 === 0 && image.height % 2 === 0) return reduceByArea(image, width, height);
  const even = cut(image, 0, 0, image.width & ~1, image.height & ~1);
  return resizeLinear(reduceByArea(even, even.width / 2, even.height / 2), width, height);
}

/** Mean difference between neighbouring pixels. */
function roughness({ data, width, height }) {
  let sum = 0;
  for (let i = 0; i < data.length; i += 1) {
    if ((i + 1) % width) sum += Math.abs(data[i + 1] - data[i]);
    if (i + width < data.length) sum += Math.abs(data[i + width] - data[i]);
  }
  return sum / (width * height);
}

/** Where a plane is above a level, as 1. */
export const above = (image, level) => flags(image, (value) => value > level);
