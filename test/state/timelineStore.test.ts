import { describe, expect, it } from 'vitest';
import { memoryBackend } from '../../src/state/memory.ts';
import { tableSpecOf } from '../../src/state/tableSpec.ts';
import { openTaskState } from '../../src/state/taskState.ts';
import { json, text } from './codecs.ts';
import { timeline } from './stores.ts';

const nothing: ReadonlyMap<string, string> = new Map();
const visits = timeline('visits', text, json, 100);
const spec = tableSpecOf('visits', visits.spec);
const starts = (rows: Iterable<readonly [start: number, cell: unknown]>): number[] =>
  [...rows].map(([start]) => start);

describe('TimelineStore', () => {
  it('gives the rows of one key by time, whatever the order they came in', () => {
    const store = openTaskState(memoryBackend(), [visits]).windowStore('visits');
    for (const start of [30, 10, 20, 15]) store.put('a', start, start, start);
    store.put('b', 12, 0, 12);
    store.delete('a', 20, 20);
    expect(starts(store.fetch('a', 0, 99))).toEqual([10, 15, 30]);
    expect(starts(store.fetch('a', 11, 29))).toEqual([15]);
    expect(store.get('a', 15)).toEqual({ value: 15, timestamp: 15 });
    expect(store.get('a', 20)).toBeUndefined();
  });

  it('gives the rows of all keys between two times, by time and then by key', () => {
    const store = openTaskState(memoryBackend(), [visits]).windowStore('visits');
    for (const [key, start] of [['b', 10], ['a', 20], ['a', 10], ['c', 5]] as const) store.put(key, start, 0, 0); // biome-ignore format: one line
    expect([...store.between(6, 20)].map(([{ key, start }]) => `${key}${start}`)).toEqual([
      'a10',
      'b10',
      'a20',
    ]);
  });

  it('goes on while the rows it gives are replaced, deleted and added', () => {
    const store = openTaskState(memoryBackend(), [visits]).windowStore('visits');
    for (const start of [10, 20, 30]) store.put('a', start, start, start);
    const seen: number[] = [];
    for (const [start] of store.fetch('a', 0, 99)) {
      seen.push(start);
      store.delete('a', start, 0);
      if (start === 20) store.put('a', 25, 0, 0);
    }
    expect(seen).toEqual([10, 20, 25, 30]);
    expect(starts(store.fetch('a', 0, 99))).toEqual([]);
  });

  it('loses rows that start at the largest start less the retention, and takes no more there', () => {
    const backend = memoryBackend();
    const state = openTaskState(backend, [visits]);
    const store = state.windowStore('visits');
    store.put('a', 0, 1, 1);
    store.put('a', 1, 2, 1);
    state.seal().write(nothing);
    store.put('b', 100, 3, 1);
    expect(store.get('a', 0)).toBeUndefined();
    expect(starts(store.fetch('a', 0, 100))).toEqual([1]);
    store.put('a', 0, 4, 1);
    expect([...store.entries()].map(([{ start }]) => start)).toEqual([1, 100]);
    state.seal().write(nothing);
    expect([...backend.open(spec).rows()].map(({ start }) => start)).toEqual([1, 100]);
  });

  it('keeps the rows of a key that comes back when all that it had is expired', () => {
    const state = openTaskState(memoryBackend(), [visits]);
    const store = state.windowStore('visits');
    const put = (key: string, start: number): void => {
      store.put(key, start, start, start);
      state.seal().write(nothing);
    };
    for (const start of [3, 8]) put('a', start);
    put('b', 109); // both are expired, one of them in a span of time that is not
    put('a', 110);
    put('b', 115);
    expect(starts(store.fetch('a', 0, 200))).toEqual([110]);
    expect(store.get('a', 110)).toEqual({ value: 110, timestamp: 110 });
    store.put('a', 110, 1, 110);
    expect([...store.entries()].map(([{ start }]) => start)).toEqual([109, 110, 115]);
  });

  it('writes nothing of rows that came and went within a commit', () => {
    const state = openTaskState(memoryBackend(), [visits]);
    const store = state.windowStore('visits');
    for (let end = 1; end <= 50; end++) {
      store.put('a', end, end, end);
      store.delete('a', end - 1, end);
    }
    const sealed = state.seal();
    expect(sealed.rows).toBe(1);
    sealed.write(nothing);
    store.put('a', 51, 51, 51);
    store.delete('a', 50, 51);
    const changes: unknown[] = [];
    state.seal().forEachChange((_store, _key, value) => changes.push(value));
    expect(changes).toEqual(['51', null]);
  });

  it('finds rows of before a restart, and those it let go of to spare memory', () => {
    const backend = memoryBackend();
    const state = openTaskState(backend, [visits], { cacheRows: 2 });
    for (const key of ['a', 'b', 'c', 'd']) {
      for (const start of [1, 2, 3]) state.windowStore('visits').put(key, start, `${key}${start}`, start);
      state.seal().write(nothing);
    }
    const again = openTaskState(backend, [visits], { cacheRows: 2 });
    for (const store of [state.windowStore('visits'), again.windowStore('visits')]) {
      for (const key of ['a', 'b', 'c', 'd']) {
        expect([...store.fetch(key, 2, 9)].map(([, cell]) => cell.value)).toEqual([`${key}2`, `${key}3`]);
      }
      expect([...store.entries()]).toHaveLength(12);
    }
  });

  it('freezes what is put and refuses rows without key or value', () => {
    const store = openTaskState(memoryBackend(), [visits]).windowStore('visits');
    const value = { n: 1 };
    store.put('a', 1, value, 1);
    expect(Object.isFrozen(store.get('a', 1)!.value)).toBe(true);
    expect(() => store.put(null, 1, 1, 1)).toThrow(expect.objectContaining({ code: 'NULL_KEY' }));
    expect(() => store.put('a', 1, null, 1)).toThrow(expect.objectContaining({ code: 'NULL_VALUE' }));
  });

  it('is refused a table of windows', () => {
    const backend = memoryBackend();
    backend.open({ ...spec, kind: 'window' });
    expect(() => openTaskState(backend, [visits])).toThrow(
      expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }),
    );
  });
});
