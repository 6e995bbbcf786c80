import { describe, expect, it } from 'vitest';
import { Warmups } from '../../../src/runtime/standby/warmups.ts';
import { virtualClock } from '../../../src/runtime/testing/virtualClock.ts';

const none = (): boolean => false;
const all = (): boolean => true;
const only =
  (ready: string) =>
  (task: string): boolean =>
    task === ready;

describe('Warmups', () => {
  const clock = virtualClock();
  const begin = (...tasks: string[]): Warmups => {
    const warmups = new Warmups(clock, 60_000);
    warmups.assign(tasks);
    return warmups;
  };

  it('asks at once when all are ready, and once', () => {
    const warmups = begin('a_0', 'a_1');
    expect(warmups.isDue(none)).toBe(false);
    expect(warmups.isDue(all)).toBe(true);
    expect(warmups.isDue(all)).toBe(false);
  });

  it('asks for some when others take long', async () => {
    const warmups = begin('a_0', 'a_1');
    expect(warmups.isDue(only('a_1'))).toBe(false);
    await clock.advance(60_000);
    expect(warmups.isDue(none)).toBe(false);
    expect(warmups.isDue(only('a_1'))).toBe(true);
  });

  it('waits before it asks again for what the group has not moved', async () => {
    const warmups = begin('a_0');
    expect(warmups.isDue(all)).toBe(true);
    warmups.assign(['a_0']);
    expect(warmups.isDue(all)).toBe(false);
    await clock.advance(60_000);
    expect(warmups.isDue(all)).toBe(true);
  });

  it('asks at once again when the group has moved them and wants others', () => {
    const warmups = begin('a_0');
    expect(warmups.isDue(all)).toBe(true);
    warmups.assign(['a_1']);
    expect(warmups.isDue(all)).toBe(true);
    warmups.assign([]);
    expect(warmups.isDue(all)).toBe(false);
    expect(warmups.has('a_1')).toBe(false);
  });
});
