import { text } from '../../dsl/codecs/text.ts';
import type { AnyCodec, StepContext, Store, StoreSpec } from '../../dsl/node.ts';
import { soonestRows } from './soonestRows.ts';
import { keyIn, timeAndKey, timeIn } from './timeAndKey.ts';
import { valueList } from './valueList.ts';

export type Side = 'left' | 'right';

/** Records that have met no partner yet: by time, those of the right side first, by key. */
export interface Unmatched {
  add(side: Side, key: unknown, timestamp: number, value: unknown): void;
  /** They have met one. */
  remove(side: Side, key: unknown, timestamp: number): void;
  /**
   * Takes out those that can meet none any more, in order. `reach` is how long after its time a record of a side may; `asking` is
   * the side of the record that moved the time.
   */
  takeClosed(streamTime: number, reach: Readonly<Record<Side, number>>, asking: Side): Waiting[];
  /** The times of those of a side, in order. */
  times(side: Side): Iterable<number>;
}

export interface Waiting {
  readonly side: Side;
  readonly key: unknown;
  readonly timestamp: number;
  readonly value: unknown;
}

/** The stores of the two sides: rows by side, time and key. */
export function unmatchedStores(left: AnyCodec, right: AnyCodec): readonly StoreSpec[] {
  return [
    { suffix: 'left-unmatched', kind: 'keyValue', key: text, value: valueList(left) },
    { suffix: 'right-unmatched', kind: 'keyValue', key: text, value: valueList(right) },
  ];
}

export function unmatched(task: StepContext, key: AnyCodec): Unmatched {
  const sides = { left: waitingSide(task, 'left', key), right: waitingSide(task, 'right', key) };
  return {
    add: (side, of, timestamp, value) => sides[side].add(of, timestamp, value),
    remove: (side, of, timestamp) => sides[side].remove(of, timestamp),
    takeClosed(streamTime, reach) {
      const right = sides.right.takeBefore(streamTime - reach.right);
      const left = sides.left.takeBefore(streamTime - reach.left);
      // A stable sort keeps the right side first at equal times.
      return [...right, ...left].sort((a, b) => a.timestamp - b.timestamp);
    },
    times: (side) => sides[side].times(),
  };
}

interface WaitingSide {
  add(key: unknown, timestamp: number, value: unknown): void;
  remove(key: unknown, timestamp: number): void;
  /** Those with a timestamp below. */
  takeBefore(time: number): Waiting[];
  times(): Iterable<number>;
}

function waitingSide(task: StepContext, side: Side, codec: AnyCodec): WaitingSide {
  const store: Store<string, readonly unknown[]> = task.store(`${side}-unmatched`);
  const rows = soonestRows(store);
  const rowKey = task.guard((key: unknown, timestamp: number) => timeAndKey(timestamp, codec, key));
  return {
    add(key, timestamp, value) {
      const row = rowKey(key, timestamp);
      const known = rows.mayHold(row) ? store.get(row) : undefined;
      store.put(row, [...(known?.value ?? []), value], timestamp);
      if (known === undefined) rows.add(row);
    },
    remove(key, timestamp) {
      store.delete(rowKey(key, timestamp), timestamp);
    },
    takeBefore(time) {
      const taken: Waiting[] = [];
      for (let row = rows.first(); row !== undefined && timeIn(row) < time; row = rows.first()) {
        rows.shift();
        const found = store.get(row);
        if (found === undefined) continue; // has met a partner
        store.delete(row, found.timestamp);
        const key = keyIn(row, codec);
        for (const value of found.value) taken.push({ side, key, timestamp: found.timestamp, value });
      }
      return taken;
    },
    *times() {
      for (const [, { value, timestamp }] of store.entries()) for (const _ of value) yield timestamp;
    },
  };
}
