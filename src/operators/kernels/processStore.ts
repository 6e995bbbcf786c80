import type { AnyCodec, AnyStore } from '../../dsl/node.ts';
import type { ProcessStore, RowsFrom } from '../../dsl/processContext.ts';
import type { Turns } from './processTurns.ts';
import { rowRange } from './rowRange.ts';

/** A store as the function of a process() sees it: values alone, changed only while a record or a timer has its turn. */
export function processStore(
  store: AnyStore,
  key: AnyCodec,
  turns: Turns,
  checkTime: (time: unknown) => number,
): ProcessStore<unknown, unknown> {
  return Object.freeze({
    get: (of: unknown) => store.get(of)?.value,
    timestamp: (of: unknown) => store.get(of)?.timestamp,
    put(of: unknown, value: unknown, at?: number): void {
      const { timestamp } = turns.current('put()');
      store.put(of, value, at === undefined ? timestamp : checkTime(at));
    },
    delete(of: unknown): void {
      store.delete(of, turns.current('delete()').timestamp);
    },
    *entries(rows?: RowsFrom<unknown>): Generator<readonly [key: unknown, value: unknown]> {
      const range = rows && rowRange(key, rows);
      for (const [of, { value }] of store.entries(range)) yield [of, value];
    },
  });
}
