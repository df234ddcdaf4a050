// What hangs together in a plane, and how far it is to the nearest pixel of 0.

import { plane } from "./planes.js";

/** Pieces, diagonals included: which pixel is whose (0: none), and the rectangle of each. */
export function piecesOf({ data, width, height }) {
  const owner = plane(width, height, new Int32Array(width * height));
  const stats = [null];
  const waiting = [];
  for (let start = 0; start < data.length; start += 1) {
    if (data[start] === 0 || owner.data[start] !== 0) continue;
    const piece = { left: width, top: height, right: 0, bottom: 0, area: 0 };
    owner.data[start] = stats.length;
    waiting.push(start);
    while (waiting.length) {
      const at = waiting.pop();
      const [x, y] = [at % width, Math.floor(at / width)];
      piece.left = Math.min(piece.left, x);
      piece.right = Math.max(piece.right, x + 1);
      piece.top = Math.min(piece.top, y);
      piece.bottom = Math.max(piece.bottom, y + 1);
      piece.area += 1;
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row += 1) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column += 1) {
          const next = row * width + column;
          if (data[next] === 0 || owner.data[next] !== 0) continue;
          owner.data[next] = stats.length;
          waiting.push(next);
        }
      }
    }
    stats.push(piece);
  }
  return { owner, stats };
}

const [STRAIGHT, DIAGONAL] = [Math.round(0.955 * 65536), Math.round(1.3693 * 65536)];
const FAR = 2 ** 30;

/** Distance to the nearest pixel of 0, a Float32Array: chamfer distances (Borgefors 1986). */
export function distances({ data, width, height }) {
  const across = width + 2;
  const steps = new Float64Array(across * (height + 2)).fill(FAR);
  const nearer = (at, row) => {
    const beside = Math.min(steps[row - 1], steps[row + 1]) + DIAGONAL;
    steps[at] = Math.min(steps[at], beside, steps[row] + STRAIGHT);
  };
  for (let y = 1; y <= height; y += 1) {
    for (let x = 1; x <= width; x += 1) {
      const at = y * across + x;
      if (data[(y - 1) * width + x - 1] === 0) {
        steps[at] = 0;
        continue;
      }
      nearer(at, at - across);
      steps[at] = Math.min(steps[at], steps[at - 1] + STRAIGHT);
    }
  }
  for (let y = height; y >= 1; y -= 1) {
    for (let x = width; x >= 1; x -= 1) {
      const at = y * across + x;
      nearer(at, at + across);
      steps[at] = Math.min(steps[at], steps[at + 1] + STRAIGHT);
    }
  }
  const result = plane(width, height, new Float32Array(width * height));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      result.data[y * width + x] = steps[(y + 1) * across + x + 1] / 65536;
    }
  }
  return result;
}
