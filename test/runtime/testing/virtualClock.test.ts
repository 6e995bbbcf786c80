import { describe, expect, it } from 'vitest';
import { delay } from '../../../src/runtime/clock.ts';
import { virtualClock } from '../../../src/runtime/testing/virtualClock.ts';

describe('virtualClock', () => {
  it('stands still by itself', async () => {
    const clock = virtualClock(1_000);
    let called = false;
    clock.after(0, () => {
      called = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([clock.now(), clock.monotonic(), called]).toEqual([1_000, 0, false]);
  });

  it('calls in the order of the due times, and of setting where these are equal', async () => {
    const clock = virtualClock();
    const calls: string[] = [];
    clock.after(20, () => calls.push('c'));
    clock.after(10, () => calls.push('a'));
    clock.after(10, () => calls.push('b'));
    await clock.advance(15);
    expect([calls, clock.now()]).toEqual([['a', 'b'], 15]);
    await clock.advance(5);
    expect(calls).toEqual(['a', 'b', 'c']);
  });

  it('shows each call the time it was due at, and counts what it sets from there', async () => {
    const clock = virtualClock(100);
    const seen: number[] = [];
    const again = (): void => {
      seen.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    await clock.advance(35);
    expect([seen, clock.now()]).toEqual([[110, 120, 130], 135]);
  });

  it('lets the promises of one call settle before the next call', async () => {
    const clock = virtualClock();
    const seen: string[] = [];
    const wait = async (name: string): Promise<void> => {
      await delay(clock, 10);
      for (let step = 0; step < 50; step++) await undefined;
      seen.push(name);
    };
    const all = [wait('first'), wait('second')];
    clock.after(10, () => seen.push('third'));
    await clock.advance(10);
    expect(seen).toEqual(['first', 'second', 'third']);
    await Promise.all(all);
  });

  it('does not call what was cancelled, not even by a call of the same moment', async () => {
    const clock = virtualClock();
    let called = false;
    let cancel = (): void => {};
    clock.after(5, () => cancel());
    cancel = clock.after(5, () => {
      called = true;
    });
    await clock.advance(10);
    cancel();
    expect(called).toBe(false);
  });

  it('breathes when it is told to go on, without time passing', async () => {
    const clock = virtualClock();
    let breaths = 0;
    const breathing = (async () => {
      for (; breaths < 3; breaths++) await clock.breathe();
    })();
    expect(breaths).toBe(0);
    await clock.advance(0);
    await breathing;
    expect([breaths, clock.now()]).toEqual([3, 0]);
  });

  it('runs work for as long as it takes and hands on what it gives', async () => {
    const clock = virtualClock();
    const work = async (): Promise<string> => {
      await delay(clock, 60_000);
      await clock.breathe();
      return 'done';
    };
    expect([await clock.run(work()), clock.now()]).toEqual(['done', 60_000]);
    await expect(clock.run(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('says so when nothing will ever wake the work', async () => {
    const clock = virtualClock();
    await expect(clock.run(new Promise(() => {}))).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
