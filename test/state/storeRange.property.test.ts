import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { RowRange } from '../../src/dsl/keyRange.ts';
import type { AnyStore } from '../../src/dsl/node.ts';
import { compareEncoded } from '../../src/state/compareEncoded.ts';
import { memoryBackend } from '../../src/state/memory.ts';
import { openTaskState } from '../../src/state/taskState.ts';
import { json, text } from './codecs.ts';
import { keyValue } from './stores.ts';

const words = keyValue('words', text, json);
const key = fc.string({ unit: fc.constantFrom('a', 'b', '\ud7ff', '\ue000', '\u{10ffff}'), maxLength: 3 });
const range: fc.Arbitrary<RowRange> = fc.record(
  { from: key, until: key, reverse: fc.boolean() },
  { requiredKeys: [] },
);
type Step = ['put' | 'delete' | 'get', string] | ['commit' | 'restart'] | ['scan', RowRange];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom('put' as const, 'delete' as const, 'get' as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('commit' as const, 'restart' as const)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('scan' as const), range) },
);

const keysIn = (store: AnyStore, asked: RowRange): unknown[] =>
  Array.from(store.entries(asked), ([found]) => found);

function expected(rows: Iterable<string>, { from, until, reverse }: RowRange): string[] {
  const found = [...rows].filter(
    (row) =>
      (from === undefined || compareEncoded(row, from) >= 0) &&
      (until === undefined || compareEncoded(row, until) < 0),
  );
  found.sort(compareEncoded);
  return reverse ? found.reverse() : found;
}

describe('KeyValueStore, a range of its rows', () => {
  test.prop([fc.array(step, { maxLength: 60 }), fc.integer({ min: 2, max: 12 })])(
    'holds the rows that are there, in order, whatever is in memory and what in the table',
    (steps, cacheRows) => {
      const backend = memoryBackend();
      const open = () => openTaskState(backend, [words], { cacheRows });
      const commit = () => state.seal().write(new Map());
      let state = open();
      const rows = new Set<string>();
      for (const [what, of] of steps) {
        const store = state.store('words');
        if (what === 'put') {
          store.put(of, 1, 1);
          rows.add(of);
        } else if (what === 'delete') {
          store.delete(of, 1);
          rows.delete(of);
        } else if (what === 'get') expect(store.get(of) !== undefined).toBe(rows.has(of));
        else if (what === 'scan') expect(keysIn(store, of)).toEqual(expected(rows, of));
        else commit();
        if (what === 'restart') state = open();
      }
    },
  );

  it.each([false, true])('loses no row that memory lets go of during the scan (reverse: %s)', (reverse) => {
    const backend = memoryBackend();
    const state = openTaskState(backend, [words], { cacheRows: 3000 });
    const store = state.store('words');
    const names = Array.from({ length: 2500 }, (_, i) => `k${String(i).padStart(5, '0')}`);
    for (const name of names) store.put(name, 1, 1);
    state.seal().write(new Map());
    const seen: unknown[] = [];
    for (const [found] of store.entries({ reverse })) {
      if (seen.push(found) !== 10) continue;
      for (let i = 0; i < 9000; i++) store.get(`absent-${i}`);
      for (let i = 0; i < 9000; i++) store.put(`z${i}`, 1, 1);
    }
    const own = seen.filter((name) => String(name).startsWith('k'));
    expect(own).toEqual(reverse ? names.toReversed() : names);
  });

  it('finds rows that came between, in pieces that were split', () => {
    const store = openTaskState(memoryBackend(), [words]).store('words');
    store.put('m', 1, 1);
    expect(keysIn(store, {})).toEqual(['m']);
    const names = Array.from({ length: 5000 }, (_, i) => String((i * 7919) % 5000).padStart(4, '0'));
    for (const name of names) store.put(name, 1, 1);
    expect(keysIn(store, { until: 'm' })).toEqual(names.toSorted());
    expect(keysIn(store, { from: '1000', until: '1003', reverse: true })).toEqual(['1002', '1001', '1000']);
  });
});
