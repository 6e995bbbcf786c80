import type { AnyWindowStore } from '../../dsl/node.ts';
import type { ProcessTimeStore } from '../../dsl/processContext.ts';
import type { Turns } from './processTurns.ts';

/** A store by key and time as the function of a process() sees it. */
export function processTimeStore(
  store: AnyWindowStore,
  turns: Turns,
  checkTime: (time: unknown) => number,
): ProcessTimeStore<unknown, unknown> {
  return Object.freeze({
    get: (key: unknown, time: number) => store.get(key, time)?.value,
    // At least as new as their times: the changelog lets go of records by timestamp, and these are kept by time.
    put(key: unknown, time: number, value: unknown): void {
      const { timestamp } = turns.current('put()');
      store.put(key, checkTime(time), value, Math.max(timestamp, time));
    },
    delete(key: unknown, time: number): void {
      store.delete(key, time, Math.max(turns.current('delete()').timestamp, time));
    },
    *fetch(key: unknown, from: number, to: number): Generator<readonly [time: number, value: unknown]> {
      for (const [time, { value }] of store.fetch(key, from, to)) yield [time, value];
    },
    *between(from: number, to: number): Generator<readonly [key: unknown, time: number, value: unknown]> {
      for (const [{ key, start }, { value }] of store.between(from, to)) yield [key, start, value];
    },
  });
}
