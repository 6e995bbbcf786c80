import { describe, expect, it } from 'vitest';
import { memoryBackend } from '../../src/state/memory.ts';
import { tableSpecOf } from '../../src/state/tableSpec.ts';
import { openTaskState } from '../../src/state/taskState.ts';
import { json, text } from './codecs.ts';
import { countReads } from './countReads.ts';
import { window } from './stores.ts';

const nothing: ReadonlyMap<string, string> = new Map();
const hours = window('hours', text, json, 100);
const spec = tableSpecOf('hours', hours.spec);

describe('WindowStore', () => {
  it('keeps a row per key and window, and gives them by start and key with the end of the window', () => {
    const store = openTaskState(memoryBackend(), [hours]).windowStore('hours');
    store.put('b', 10, 'b10', 1);
    store.put('a', 10, 'a10', 2);
    store.put('a', 0, 'a0', 3);
    store.delete('b', 10, 4);
    store.put('b', 0, 'b0', 5);
    expect(store.get('a', 10)).toEqual({ value: 'a10', timestamp: 2 });
    expect(store.get('b', 10)).toBeUndefined();
    expect([...store.entries()]).toEqual([
      [
        { key: 'a', start: 0, end: 10 },
        { value: 'a0', timestamp: 3 },
      ],
      [
        { key: 'b', start: 0, end: 10 },
        { value: 'b0', timestamp: 5 },
      ],
      [
        { key: 'a', start: 10, end: 20 },
        { value: 'a10', timestamp: 2 },
      ],
    ]);
    expect([...store.fetch('a', 0, 10)].map(([start]) => start)).toEqual([0, 10]);
    expect([...store.fetch('a', 1, 9)]).toEqual([]);
    expect([...store.fetch('a', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)]).toHaveLength(2);
  });

  it('loses rows that start at the largest start less the retention, and takes no more there', () => {
    const store = openTaskState(memoryBackend(), [hours]).windowStore('hours');
    store.put('a', 0, 1, 1);
    store.put('a', 1, 2, 1);
    store.put('b', 100, 3, 1);
    expect(store.get('a', 0)).toBeUndefined();
    expect(store.get('a', 1)?.value).toBe(2);
    store.put('a', 0, 4, 1);
    expect(store.get('a', 0)).toBeUndefined();
    expect([...store.fetch('a', 0, 100)].map(([start]) => start)).toEqual([1]);
    expect([...store.entries()].map(([{ start }]) => start)).toEqual([1, 100]);
  });

  it('deletes expired rows from the table, and writes none that expired before they were sealed', () => {
    const backend = memoryBackend();
    const state = openTaskState(backend, [hours]);
    const store = state.windowStore('hours');
    store.put('a', 0, 1, 1);
    state.seal().write(nothing);
    store.put('a', 50, 2, 1);
    store.put('a', 200, 3, 1);
    const sealed = state.seal();
    expect(sealed.rows).toBe(1);
    sealed.forEachChange((_, __, value) => expect(value).toBe('3'));
    sealed.write(nothing);
    expect([...backend.open(spec).rows()].map(({ start }) => start)).toEqual([200]);
  });

  it('knows after a restart how far time had come, even when that row is deleted', () => {
    const backend = memoryBackend();
    const state = openTaskState(backend, [hours]);
    state.windowStore('hours').put('a', 500, 1, 1);
    state.windowStore('hours').delete('a', 500, 1);
    state.seal().write(nothing);
    const again = openTaskState(backend, [hours]).windowStore('hours');
    again.put('a', 400, 1, 1);
    expect(again.get('a', 400)).toBeUndefined();
    again.put('a', 401, 1, 1);
    expect(again.get('a', 401)?.value).toBe(1);
  });

  it('keeps rows for ever without a retention', () => {
    const store = openTaskState(memoryBackend(), [window('all', text, json)]).windowStore('all');
    store.put('a', 0, 1, 1);
    store.put('a', 1e15, 2, 1);
    expect(store.get('a', 0)?.value).toBe(1);
  });

  it('reads the table only for windows that another process opened', () => {
    const { backend, reads } = countReads(memoryBackend());
    const first = openTaskState(backend, [hours]);
    first.windowStore('hours').put('a', 0, 1, 1);
    for (const key of ['a', 'b', 'c']) first.windowStore('hours').get(key, 0);
    first.seal().write(nothing);
    expect(reads()).toBe(0);

    const store = openTaskState(backend, [hours]).windowStore('hours');
    store.get('a', 0);
    store.get('a', 0);
    store.get('absent', 0);
    store.get('absent', 0);
    expect(reads()).toBe(2);
    for (const key of ['a', 'b', 'c']) store.get(key, 10);
    store.put('a', 10, 1, 1);
    for (const key of ['a', 'b', 'c']) store.get(key, 10);
    expect(reads()).toBe(2);
  });

  it('refuses a table whose time is lost', () => {
    const backend = memoryBackend();
    const table = backend.open(spec);
    backend.transaction((write) => write.put(table, 'a', 0, '1', 1));
    expect(() => openTaskState(backend, [hours])).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
  });
});
