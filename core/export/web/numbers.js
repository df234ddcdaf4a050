// Rounding and statistics as NumPy, Python and OpenCV compute them.

/** To the nearest whole number, halves to the even one. */
export function round(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export const toByte = (value) => Math.min(255, Math.max(0, round(value)));

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** The median of a list of numbers. */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many pixels have each grey level. */
export function histogram(bytes) {
  const counts = new Float64Array(256);
  for (const level of bytes) counts[level] += 1;
  return counts;
}

/** The level at which that fraction of a histogram lies, between two levels if need be. */
export function percentile(counts, fraction) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const at = (total - 1) * fraction;
  const levelOf = (index) => {
    let seen = 0;
    for (let level = 0; level < counts.length; level += 1) {
      seen += counts[level];
      if (seen > index) return level;
    }
    return counts.length - 1;
  };
  const low = levelOf(Math.floor(at));
  return low + (levelOf(Math.ceil(at)) - low) * (at - Math.floor(at));
}

/** The level below or at which that fraction of the pixels lies, counting from `least`. */
export function quantile(counts, fraction, least = 0) {
  let total = 0;
  for (let level = least; level < counts.length; level += 1) total += counts[level];
  if (total === 0) return 0;
  let seen = 0;
  for (let level = least; level < counts.length; level += 1) {
    seen += counts[level];
    if (seen >= fraction * total) return level;
  }
  return counts.length;
}

/** Otsu's threshold: where two groups of grey levels differ most. */
export function otsu(bytes) {
  const counts = histogram(bytes);
  const scale = 1 / bytes.length;
  let mean = 0;
  for (let level = 0; level < 256; level += 1) mean += level * counts[level] * scale;
  let [below, sum, best, threshold] = [0, 0, 0, 0];
  for (let level = 0; level < 256; level += 1) {
    const share = counts[level] * scale;
    sum *= below;
    below += share;
    const above = 1 - below;
    if (Math.min(below, above) < 1.1920929e-7 || Math.max(below, above) > 1 - 1.1920929e-7) {
      continue;
    }
    sum = (sum + level * share) / below;
    const other = (mean - below * sum) / above;
    const between = below * above * (sum - other) ** 2;
    if (between > best) [best, threshold] = [between, level];
  }
  return threshold;
}
