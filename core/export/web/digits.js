// Part rows of digits into single ones, row by row, left to right.

import { round } from "./numbers.js";
import { bounds, cut, flags, mapped } from "./planes.js";
import { dilate, ellipse } from "./morphology.js";
import { strokeWidth } from "./normalise.js";
import { distances, piecesOf } from "./pieces.js";

export const MOST_DIGITS = 100;
const TALL = 0.55; // of the tallest piece: a digit of its own
const OVERLAP = 0.45; // of the narrower piece: lies over or under, so the same digit
const CLOSE_BY = 0.35; // of the row's height: how far a small piece may be from its digit
const SPECK = 0.01; // of the largest piece's area
const [BROKEN_GAP, BROKEN_WIDTH] = [0.04, 0.8]; // of the row's height: halves of a broken digit
const CONNECTED = 64; // amount of ink that holds pieces together
const BESIDE = 0.4; // of the lower piece's height: pieces that share it stand in one row
const ROW_GAP = 0.3; // of the tallest piece: two halves of a broken digit are no further apart
const [SOLID, BLOCK, BLOCK_WIDTH] = [0.85, 1.7, 0.7]; // what is a bar or a button, not a digit
const [FLAT, ASIDE] = [0.4, 0.1]; // of the tallest piece: a flat digit that stands clear
const BRIDGE = 0.02; // of the tallest piece: gaps up to twice this are a broken stroke

const heightOf = (group) => group.bottom - group.top;
const widthOf = (group) => group.right - group.left;

/** Every digit, alone on a plane of the size of all ink. */
export function splitRows(amount) {
  const box = bounds(amount);
  if (box.width === 0) return [[amount]];
  const ink = cut(amount, box.left, box.top, box.width, box.height);
  const most = ink.data.reduce((best, value) => Math.max(best, value), 0);
  const { owner, stats } = bridged(flags(ink, (value) => value >= Math.min(CONNECTED, most)));
  if (stats.length <= 2) return [[ink]];
  const rows = grouped(stats, ink);
  if (rows.length === 1 && rows[0].length === 1 && rows[0][0].members.length === stats.length - 1) {
    return [[ink]];
  }
  if (rows.flat().length > MOST_DIGITS) return rows.map((row) => row.map(() => ink));
  return rows.map((row) => row.map((group) => alone(ink, owner, group)));
}

/** Pieces with the gaps of broken strokes closed. */
function bridged(core) {
  const found = piecesOf(core);
  const reach = round(BRIDGE * Math.max(0, ...found.stats.slice(1).map(heightOf)));
  return reach ? piecesOf(dilate(core, ellipse(2 * reach + 1))) : found;
}

function grouped(stats, ink) {
  let groups = stats.slice(1).map((piece, index) => ({ ...piece, members: [index + 1] }));
  const largest = Math.max(...groups.map((group) => group.area));
  groups = withoutBlocks(groups.filter((group) => group.area >= SPECK * largest), ink);
  const height = Math.max(...groups.map(heightOf));
  const tall = groups.filter((group) => heightOf(group) >= TALL * height);
  const small = groups.filter((group) => heightOf(group) < TALL * height);
  tall.sort((a, b) => a.left - b.left);
  small.sort((a, b) => b.area - a.area);
  const rows = rowsOf(tall, height).map((row) => joined(row, height));
  for (const piece of small) {
    const places = rows.flatMap((row) => row.map((digit) => ({ row, digit })));
    const { row, digit } = places.reduce((best, place) =>
      distance(piece, place.digit) < distance(piece, best.digit) ? place : best,
    );
    const aside = Math.max(piece.left, digit.left) - Math.min(piece.right, digit.right);
    const isFlat = heightOf(piece) >= FLAT * height && aside >= ASIDE * height;
    if (isFlat && beside(piece, digit)) row.push(piece);
    else if (distance(piece, digit) <= CLOSE_BY * height) join(digit, piece);
  }
  return rows.map((row) => row.sort((a, b) => a.left + a.right - b.left - b.right));
}

function join(group, other) {
  group.members.push(...other.members);
  group.left = Math.min(group.left, other.left);
  group.right = Math.max(group.right, other.right);
  group.top = Math.min(group.top, other.top);
  group.bottom = Math.max(group.bottom, other.bottom);
  group.area += other.area;
}

/** Without solid rectangles that are much thicker than the strokes: buttons, bars, tape. */
function withoutBlocks(groups, ink) {
  const isDrawn = (group) => group.area < SOLID * widthOf(group) * heightOf(group);
  const drawn = groups.filter(isDrawn);
  if (drawn.length === 0 || drawn.length === groups.length) return groups;
  const model = drawn.reduce((best, group) => (group.area > best.area ? group : best));
  const stroke = strokeWidth(cut(ink, model.left, model.top, widthOf(model), heightOf(model)));
  return groups.filter(
    (group) =>
      isDrawn(group) ||
      widthOf(group) < BLOCK_WIDTH * heightOf(group) || // perhaps a bold 1
      Math.min(widthOf(group), heightOf(group)) <= BLOCK * Math.max(stroke, 2),
  );
}

/** Pieces that stand side by side, top row first; what is one broken digit is one row. */
function rowsOf(tall, height) {
  let rows = [];
  for (const piece of [...tall].sort((a, b) => a.top + a.bottom - b.top - b.bottom)) {
    const touching = rows.filter((row) => row.some((other) => beside(piece, other)));
    rows = rows.filter((row) => !touching.includes(row));
    rows.push([piece, ...touching.flat()]);
  }
  const sum = (row) => row.reduce((total, group) => total + group.top + group.bottom, 0);
  const middle = (row) => sum(row) / row.length;
  rows.sort((a, b) => middle(a) - middle(b));
  const whole = rows.slice(0, 1);
  for (const row of rows.slice(1)) {
    const last = whole[whole.length - 1];
    const end = Math.max(...last.map((group) => group.bottom));
    const gap = Math.min(...row.map((group) => group.top)) - end;
    if (Math.min(row.length, last.length) === 1 && gap <= ROW_GAP * height) last.push(...row);
    else whole.push(row);
  }
  return whole.map((row) => row.sort((a, b) => a.left - b.left));
}

function beside(a, b) {
  const shared = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return shared >= BESIDE * Math.min(heightOf(a), heightOf(b));
}

/** A row in which pieces of one digit are one. */
function joined(row, height) {
  const done = [];
  for (const group of row) {
    const same = done.find((other) => sameDigit(other, group, height));
    if (same) join(same, group);
    else done.push(group);
  }
  return done;
}

function sameDigit(a, b, row) {
  const overlap = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  if (overlap >= OVERLAP * Math.min(widthOf(a), widthOf(b))) return true;
  const together = Math.max(a.right, b.right) - Math.min(a.left, b.left);
  return -overlap <= BROKEN_GAP * row && together <= BROKEN_WIDTH * row;
}

function distance(a, b) {
  const across = Math.max(0, Math.max(a.left, b.left) - Math.min(a.right, b.right));
  const down = Math.max(0, Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom));
  return Math.hypot(across, down);
}

/** The ink of one group with its soft edges, and nothing of its neighbours. */
function alone(ink, owner, group) {
  const members = new Set(group.members);
  const own = mapped(ink, (_, i) => (members.has(owner.data[i]) ? 1 : 0));
  const others = mapped(ink, (_, i) => (owner.data[i] && !own.data[i] ? 1 : 0));
  if (!others.data.some((value) => value)) return ink;
  const [toOwn, toOthers] = [own, others].map((some) => distances(flags(some, (value) => !value)));
  return mapped(ink, (value, i) => (toOwn.data[i] < toOthers.data[i] ? value : 0));
}
