// Find the ink in an image, drawn or in a photo, dark on light or light on dark.

import { blur, steepness } from "./blur.js";
import { above, contrasts } from "./ground.js";
import { histogram, median, otsu, percentile, quantile, round, toByte } from "./numbers.js";
import { flags, mapped, plane } from "./planes.js";
import { dilate, ellipse, erode, square } from "./morphology.js";
import { cropToInk, strokeWidth } from "./normalise.js";
import { piecesOf } from "./pieces.js";
import { reduceByArea } from "./resize.js";
import { splitRows } from "./digits.js";

const MOST_PIXELS = 360_000; // larger images are reduced first
const LONGEST_SIDE = 3200; // of a long row of digits
const [LEAST_PIXELS, LEAST] = [4, 0.02]; // size of a digit at least, and of the shorter side
const FAINTEST = 20; // levels that the strongest ink must differ from its ground
const LARGEST_GRAIN = 40; // levels that the grain of paper may reach
const CLEAR = 12; // times the grain that ink must stand out by
const NATIVE_SIDE = 56; // pixels: larger images were enlarged, or are drawings and photos,
const SOFT_EDGE = 16; // whose strokes fade out over many pixels; fainter ones do not count
const SMALLEST = 0.04; // of a photo's shorter side: how large a digit is at least
const SHORT = 0.02; // of the shorter side: over this distance the edge of a stroke
const STEEP = 0.075; // becomes lighter by at least this fraction of the ground
const SUBSTANTIAL = 0.2; // of the largest piece's area: such pieces hold
const MOSTLY = 0.35; // at least this fraction of all that looks like ink, or it is grain
const STRONG = 100; // ink that is no soft edge
const DRAWN_REACH = 1.3; // of the width of the stroke: how far soft edges reach in drawings
const SOFT_REACH = 0.01; // of the longest side: the same, in photos

export const BLANK =
  "The image is blank: no stroke stands out from the background. Draw or show one digit.";
export const TOO_SMALL =
  "What stands out in the image is too small to be a digit. Draw it larger, or take the photo " +
  "from closer up.";

/** The digits in an image, row by row: {rows, amount}. Throws a sentence if there are none. */
export function findInk(image) {
  const grey = reduced(image);
  let tooSmall = false;
  for (const contrast of contrasts(grey)) {
    const amount = inkAmount(contrast);
    if (!amount) continue;
    const rows = splitRows(amount);
    const sizes = rows.flat().map(cropToInk).map(({ width, height }) => Math.max(width, height));
    const least = Math.max(LEAST_PIXELS, LEAST * Math.min(amount.width, amount.height));
    if (Math.max(...sizes) >= least) return { rows, amount };
    tooSmall = true;
  }
  throw new Error(tooSmall ? TOO_SMALL : BLANK);
}

/** The image with no more pixels than the search for ink needs. */
export function reduced(image) {
  const { width, height } = image;
  const room = Math.sqrt(MOST_PIXELS / (height * width));
  const factor = Math.min(1, room, LONGEST_SIDE / Math.max(height, width));
  const size = [width, height].map((side) => Math.max(1, round(side * factor)));
  return factor === 1 ? image : reduceByArea(image, ...size);
}

/** How much ink lies on each pixel; null if there is none. */
function inkAmount(contrast) {
  const amount = contrast.even ? onEvenGround(contrast.values) : onUneven(contrast.values);
  if (!amount || !amount.data.some((value) => value)) return null;
  const near = besideStrong(amount, contrast.exact);
  return near.data.some((value) => value) ? near : null;
}

/** Without faint ink farther from strong ink than a soft edge reaches. */
function besideStrong(amount, drawn) {
  const strong = flags(amount, (value) => value >= STRONG);
  let reach = Math.max(2, round(SOFT_REACH * Math.max(amount.width, amount.height)));
  if (drawn) {
    const width = strokeWidth(mapped(strong, (value) => 255 * value));
    reach = Math.max(reach, round(DRAWN_REACH * width));
  }
  const near = dilate(strong, ellipse(2 * reach + 1));
  return mapped(amount, (value, i) => (near.data[i] ? value : 0));
}

function onEvenGround(values) {
  const contrast = bytes(values, (value) => round(value * 255));
  const counts = histogram(contrast.data);
  const top = counts.reduce((last, count, level) => (count ? level : last), 0);
  const faint = counts.slice(0, LARGEST_GRAIN + 1);
  const total = faint.reduce((sum, count) => sum + count, 0);
  const grain = (1.4826 * quantile(faint, 0.5, 1) * (total - faint[0])) / Math.max(1, total);
  if (top < Math.max(FAINTEST, CLEAR * grain)) return null;
  const strongest = quantile(counts, 0.99, Math.floor(top / 2) + 1);
  const factor = Math.fround(255 / strongest);
  const amount = mapped(contrast, (value) => toByte(Math.fround(value * factor)));
  const noise = quantile(histogram(amount.data).slice(0, 50), 0.75);
  const soft = Math.max(values.width, values.height) > NATIVE_SIDE ? SOFT_EDGE : 0;
  const least = Math.min(Math.max(8 * noise, soft), 60);
  return mapped(amount, (value) => (value <= least ? 0 : value));
}

function onUneven(ratio) {
  const mask = steepPieces(strokeMask(ratio), ratio);
  const inside = ratio.data.filter((_, i) => mask.data[i]);
  if (inside.length === 0) return null;
  const full = Math.max(median(inside), 1e-3);
  const near = dilate(mask, square(3));
  return bytes(ratio, (value, i) =>
    near.data[i] ? Math.floor(Math.min(1, value / full) * 255) : 0,
  );
}

/** What is ink by Otsu's threshold, or nothing where that parts grain from grain. */
function strokeMask(ratio) {
  const nothing = plane(ratio.width, ratio.height);
  const levels = bytes(ratio, (value) => Math.floor(value * 255));
  const threshold = otsu(levels.data);
  const ground = levels.data.filter((level) => level <= threshold);
  const noise = ground.length ? percentile(histogram(ground), 0.75) : 0;
  const mask = above(levels, Math.max(threshold, 20, 2 * noise));
  const strokes = levels.data.filter((_, i) => mask.data[i]);
  if (strokes.length === 0 || ground.length === 0) return nothing;
  if (percentile(histogram(strokes), 0.5) < Math.max(FAINTEST, 2 * noise)) return nothing;
  return withoutGrain(mask) || nothing;
}

/** Only pieces that are not tiny beside the largest one; null if that is grain itself. */
function withoutGrain(mask) {
  const { owner, stats } = piecesOf(mask);
  const pieces = stats.slice(1);
  const largest = pieces.reduce((best, piece) => (piece.area > best.area ? piece : best));
  const longest = Math.max(largest.right - largest.left, largest.bottom - largest.top);
  const sum = (some) => some.reduce((total, piece) => total + piece.area, 0);
  const substantial = sum(pieces.filter((piece) => piece.area >= SUBSTANTIAL * largest.area));
  const least = SMALLEST * Math.min(mask.width, mask.height);
  if (longest < least || substantial < MOSTLY * sum(pieces)) return null;
  const leastArea = Math.max(2, 0.04 * largest.area);
  return only(owner, stats.map((piece) => piece !== null && piece.area >= leastArea));
}

/** Only pieces at whose edges the ratio falls steeply: a glow or a soft shadow fades out slowly. */
function steepPieces(mask, ratio) {
  if (!mask.data.some((value) => value)) return mask;
  const inner = erode(mapped(mask, (value) => 255 * value), square(3));
  const distance = Math.max(2, SHORT * Math.min(mask.width, mask.height));
  const slopes = steepness(blur(ratio, distance / 2)); // grain is steep too
  const { owner, stats } = piecesOf(mask);
  const votes = stats.map(() => 0);
  for (let i = 0; i < mask.data.length; i += 1) {
    if (mask.data[i] && !inner.data[i]) {
      votes[owner.data[i]] += distance * slopes.data[i] >= STEEP ? 1 : -1;
    }
  }
  return only(owner, votes.map((balance, index) => index > 0 && balance > 0));
}

const only = (owner, keep) => bytes(owner, (index) => (keep[index] ? 1 : 0));

const bytes = (image, change) => mapped(image, change, Uint8Array);
