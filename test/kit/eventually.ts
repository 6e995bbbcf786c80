import { type Clock, delay } from '../../src/runtime/clock.ts';

/** Waits until the condition holds, asking every 10 ms of the clock; throws what it said last when `limitMs` have passed. */
export async function eventually(
  clock: Clock,
  condition: () => boolean | Promise<boolean>,
  limitMs: number = 15_000,
): Promise<void> {
  const deadline = clock.monotonic() + limitMs;
  while (!(await condition())) {
    if (clock.monotonic() >= deadline) throw new Error(`not within ${limitMs} ms: ${condition}`);
    await delay(clock, 10);
  }
}
