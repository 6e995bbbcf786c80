import type { AlignedWindows } from '../node.ts';

/**
 * Starts of all windows a timestamp falls into, ascending. Windows start at multiples of `advance` plus `offset` and never
 * before 0: early timestamps fall into fewer windows, and those before the offset into none.
 */
export function windowStarts(spec: AlignedWindows, timestamp: number): number[] {
  const starts: number[] = [];
  for (let start = firstWindowStart(spec, timestamp); start <= timestamp; start += spec.advance)
    starts.push(start);
  return starts;
}

/**
 * The first of them; the others follow at distances of `advance` up to the timestamp. Beyond the timestamp when there is
 * none. For loops that go over windows without making an array for each record.
 */
export function firstWindowStart({ size, advance, offset }: AlignedWindows, timestamp: number): number {
  // The last start whose window has ended by now; then one further. Remainders are exact where quotients are not.
  const ended = timestamp - size;
  const into = (((ended - offset) % advance) + advance) % advance;
  return Math.max(ended - into + advance, offset);
}
