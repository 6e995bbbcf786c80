import { type Clock, delay } from './clock.ts';

/** Resolves when what has been used is paid for. */
export type Throttle = (bytes: number, signal: AbortSignal) => Promise<void>;

/** Lets no more than so many bytes per second through, of all who ask; undefined: any number. */
export function throttle(bytesPerSecond: number | undefined, clock: Clock): Throttle {
  if (bytesPerSecond === undefined) return () => Promise.resolve();
  let paidUntil = clock.monotonic();
  return async (bytes, signal) => {
    const now = clock.monotonic();
    paidUntil = Math.max(paidUntil, now) + (bytes / bytesPerSecond) * 1_000;
    if (paidUntil > now) await delay(clock, paidUntil - now, signal);
  };
}
