/** Index of the first row that starts at `start` or later, rows being in order of their starts. */
export function findStart(rows: readonly { readonly start: number }[], start: number): number {
  let low = 0;
  let high = rows.length;
  // What comes is mostly the newest.
  if (high === 0 || rows[high - 1]!.start < start) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
