import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/runtime/testing/seededRandom.ts';
import { virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { Attempts } from '../../../../src/runtime/transport/kafka/attempts.ts';
import { backoffMs } from '../../../../src/runtime/transport/kafka/backoff.ts';

describe('backoffMs', () => {
  it('doubles from 20 ms to a second', () => {
    const longest = Array.from({ length: 8 }, (_, failures) =>
      Math.round(backoffMs(failures, () => 0.999_999)),
    );
    expect(longest).toEqual([20, 40, 80, 160, 320, 640, 1000, 1000]);
    expect(backoffMs(10_000, () => 0)).toBe(500);
  });

  it('keeps clients apart that lost their broker at the same moment', () => {
    const clients = Array.from({ length: 1000 }, (_, seed) => {
      const random = seededRandom(seed + 1);
      return Array.from({ length: 8 }, (_, attempt) => backoffMs(attempt, random)).reduce(
        (sum, ms) => sum + ms,
      );
    });
    const perSlot = new Map<number, number>();
    for (const at of clients) perSlot.set(Math.floor(at / 20), (perSlot.get(Math.floor(at / 20)) ?? 0) + 1);
    // All together they would be 1000 in one slot of 20 ms; evenly over the 1.1 s there are, 18.
    expect(Math.max(...perSlot.values())).toBeLessThan(60);
  });

  it('draws from the upper half', () => {
    expect([backoffMs(2, () => 0), backoffMs(2, () => 0.5)]).toEqual([40, 60]);
  });
});

describe('Attempts', () => {
  it('pauses longer each time and knows when no time is left', async () => {
    const clock = virtualClock();
    const attempts = new Attempts(clock, () => 0, 100);
    const moments: number[] = [];
    await clock.run(
      (async () => {
        expect(attempts.repeated).toBe(false);
        while (!attempts.last) {
          await attempts.pause();
          moments.push(clock.monotonic());
        }
      })(),
    );
    expect(moments).toEqual([10, 30, 70]);
    expect([attempts.repeated, attempts.remainingMs]).toEqual([true, 30]);
  });

  it('stops pausing when it is told to', async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const pause = new Attempts(clock, () => 0, 100, controller.signal).pause();
    controller.abort(new Error('enough'));
    await expect(pause).rejects.toThrow('enough');
  });
});
