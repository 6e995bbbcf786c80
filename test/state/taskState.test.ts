import { describe, expect, it } from 'vitest';
import type { Encoded } from '../../src/dsl/node.ts';
import { memoryBackend } from '../../src/state/memory.ts';
import { openTaskState, type TaskState } from '../../src/state/taskState.ts';
import { bytes, int32, json, text } from './codecs.ts';
import { keyValue, window } from './stores.ts';

const nothing: ReadonlyMap<string, string> = new Map();
const words = keyValue('words', text, json);
const hours = window('hours', text, json, 100);

type SealedChanges = ReturnType<TaskState['seal']>;

function changesOf(sealed: SealedChanges): [string, Encoded, Encoded | null, number][] {
  const changes: [string, Encoded, Encoded | null, number][] = [];
  sealed.forEachChange((...change) => changes.push(change));
  return changes;
}

describe('openTaskState', () => {
  it('gives stores by name and refuses unknown ones and those of another kind', () => {
    const state = openTaskState(memoryBackend(), [words, hours]);
    expect(state.store('words').get('a')).toBeUndefined();
    expect(state.windowStore('hours').get('a', 0)).toBeUndefined();
    for (const wrong of [
      () => state.store('hours'),
      () => state.windowStore('words'),
      () => state.store('x'),
    ]) {
      expect(wrong).toThrow(expect.objectContaining({ code: 'UNKNOWN_STORE' }));
    }
  });

  it('reads what was put at once, and after a restart what was written', () => {
    const backend = memoryBackend();
    const state = openTaskState(backend, [words]);
    const store = state.store('words');
    store.put('a', { n: 1 }, 10);
    state.seal().write(new Map([['position', '1']]));
    store.put('a', { n: 2 }, 20);
    store.put('b', { n: 3 }, 30);
    expect(store.get('a')).toEqual({ value: { n: 2 }, timestamp: 20 });

    const again = openTaskState(backend, [words]);
    expect(again.store('words').get('a')).toEqual({ value: { n: 1 }, timestamp: 10 });
    expect(again.store('words').get('b')).toBeUndefined();
    expect(again.meta).toEqual(new Map([['position', '1']]));
  });

  it('keeps a cell that was handed out as it was', () => {
    const state = openTaskState(memoryBackend(), [words]);
    const store = state.store('words');
    store.put('a', 1, 10);
    const before = store.get('a');
    store.put('a', 2, 20);
    expect(before).toEqual({ value: 1, timestamp: 10 });
  });

  it('throws when a stored value is changed in place, put or read back', () => {
    const backend = memoryBackend();
    const state = openTaskState(backend, [words]);
    const value = { list: [1] };
    state.store('words').put('a', value, 1);
    expect(() => Object.assign(value, { list: [] })).toThrow(TypeError);
    state.seal().write(nothing);
    const read = openTaskState(backend, [words]).store('words').get('a')?.value;
    expect(() => Object.assign(read, { list: [] })).toThrow(TypeError);
  });

  it('stores bytes, which cannot be frozen', () => {
    const state = openTaskState(memoryBackend(), [keyValue('raw', bytes, bytes)]);
    state.store('raw').put(Buffer.from([1]), Buffer.from([2]), 1);
    expect(state.store('raw').get(Buffer.from([1]))?.value).toEqual(Buffer.from([2]));
  });

  it('refuses null keys and values', () => {
    const store = openTaskState(memoryBackend(), [words]).store('words');
    expect(() => store.put('a', null, 1)).toThrow(expect.objectContaining({ code: 'NULL_VALUE' }));
    expect(() => store.put('a', undefined, 1)).toThrow(expect.objectContaining({ code: 'NULL_VALUE' }));
    const keyed = openTaskState(memoryBackend(), [keyValue('any', json, json)]).store('any');
    expect(() => keyed.put(null, 1, 1)).toThrow(expect.objectContaining({ code: 'NULL_KEY' }));
  });

  it('names the store when a codec fails, and seals nothing', () => {
    const state = openTaskState(memoryBackend(), [words, keyValue('numbers', int32, int32)]);
    state.store('words').put('a', 1, 1);
    state.store('numbers').put(1, 2 ** 40, 1);
    expect(() => state.seal()).toThrow(expect.objectContaining({ code: 'ENCODE_FAILED' }));
    expect(() => state.seal()).toThrow(/store numbers/);
    expect(state.dirtyRows).toBe(2);
    state.store('numbers').put(1, 4, 1);
    expect(state.seal().rows).toBe(2);
    expect(() => state.store('numbers').put(2 ** 40, 1, 1)).toThrow(
      expect.objectContaining({ code: 'ENCODE_FAILED' }),
    );
  });

  it('refuses to be used after it was closed', () => {
    const state = openTaskState(memoryBackend(), [words]);
    const store = state.store('words');
    store.put('a', 1, 1);
    const sealed = state.seal();
    state.close();
    for (const late of [() => store.get('a'), () => state.seal(), () => sealed.write(nothing)]) {
      expect(late).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    }
  });
});

describe('seal', () => {
  it('gives each changed row once, with its last value', () => {
    const state = openTaskState(memoryBackend(), [words, hours]);
    const store = state.store('words');
    store.put('a', 1, 10);
    store.put('a', 2, 20);
    store.put('b', 3, 30);
    store.delete('b', 40);
    state.windowStore('hours').put('k', 256, 'v', 50);
    expect(state.dirtyRows).toBe(3);
    const sealed = state.seal();
    expect(state.dirtyRows).toBe(0);
    expect(sealed.rows).toBe(2);
    expect(changesOf(sealed)).toEqual([
      ['words', 'a', '2', 20],
      ['hours', Buffer.from([0x6b, 0, 0, 0, 0, 0, 0, 1, 0]), '"v"', 50],
    ]);
  });

  it('tells of a deletion only where log or table may have the row', () => {
    const state = openTaskState(memoryBackend(), [words]);
    const store = state.store('words');
    store.put('a', 1, 10);
    store.delete('a', 20);
    store.put('b', 1, 30);
    expect(changesOf(state.seal())).toEqual([['words', 'b', '1', 30]]);
    store.delete('b', 40);
    expect(changesOf(state.seal())).toEqual([['words', 'b', null, 40]]);
  });

  it('lets work change sealed rows again before they are written', () => {
    const backend = memoryBackend();
    const state = openTaskState(backend, [words], { cacheRows: 1 });
    const store = state.store('words');
    store.put('a', 1, 10);
    const first = state.seal();
    store.put('a', 2, 20);
    store.delete('a', 25);
    const second = state.seal();
    for (const key of ['x', 'y', 'z']) store.get(key);
    expect(store.get('a')).toBeUndefined();
    expect(changesOf(first)).toEqual([['words', 'a', '1', 10]]);
    first.write(nothing);
    expect(store.get('a')).toBeUndefined();
    expect(openTaskState(backend, [words]).store('words').get('a')?.value).toBe(1);
    second.write(nothing);
    expect(openTaskState(backend, [words]).store('words').get('a')).toBeUndefined();
  });

  it('refuses to write out of order or twice', () => {
    const state = openTaskState(memoryBackend(), [words]);
    const first = state.seal();
    const second = state.seal();
    expect(() => second.write(nothing)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    first.write(nothing);
    expect(() => first.write(nothing)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    second.write(nothing);
  });

  it('writes meta even when no row has changed, and keeps the names it is not given', () => {
    const state = openTaskState(memoryBackend(), [words]);
    state.seal().write(new Map([['a', '1'], ['b', '1']])); // biome-ignore format: one line
    const sealed = state.seal();
    expect(sealed.rows).toBe(0);
    sealed.write(new Map([['b', '2']]));
    expect(state.meta).toEqual(new Map([['a', '1'], ['b', '2']])); // biome-ignore format: one line
  });

  it('can be written again after a write that failed', () => {
    const backend = memoryBackend();
    const state = openTaskState(backend, [words]);
    state.store('words').put('a', 1, 1);
    const sealed = state.seal();
    const broken = new Map([['a', '1']]);
    broken[Symbol.iterator] = () => {
      throw new Error('no room');
    };
    expect(() => sealed.write(broken)).toThrow('no room');
    expect(openTaskState(backend, [words]).store('words').get('a')).toBeUndefined();
    expect(state.store('words').get('a')?.value).toBe(1);
    sealed.write(nothing);
    expect(openTaskState(backend, [words]).store('words').get('a')?.value).toBe(1);
  });

  it('leaves rows out that are deleted and were never there', () => {
    const state = openTaskState(memoryBackend(), [words]);
    state.store('words').delete('a', 1);
    expect(state.seal().rows).toBe(0);
  });
});
