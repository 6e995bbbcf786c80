import { describe, expect, it } from 'vitest';
import { memoryBackend } from '../../src/state/memory.ts';
import { openTaskState } from '../../src/state/taskState.ts';
import { json, text } from './codecs.ts';
import { countReads } from './countReads.ts';
import { keyValue } from './stores.ts';

const nothing: ReadonlyMap<string, string> = new Map();
const words = keyValue('words', text, json);

describe('KeyValueStore', () => {
  it('reads nothing from a table that was empty, until rows had to go', () => {
    const { backend, reads } = countReads(memoryBackend());
    const state = openTaskState(backend, [words], { cacheRows: 10 });
    const store = state.store('words');
    for (let i = 0; i < 8; i++) store.put(`${i}`, i, i);
    for (let i = 0; i < 20; i++) store.get(`${i}`);
    expect(reads()).toBe(0);
    state.seal().write(nothing);
    for (let i = 8; i < 40; i++) store.put(`${i}`, i, i);
    expect(store.get('absent')).toBeUndefined();
    expect(reads()).toBe(1);
    for (let i = 0; i < 40; i++) expect(store.get(`${i}`)?.value).toBe(i);
    expect(reads()).toBe(9);
  });

  it('keeps what is used and lets go of what is not', () => {
    const { backend, reads } = countReads(memoryBackend());
    const filled = openTaskState(backend, [words]);
    for (let i = 0; i < 1000; i++) filled.store('words').put(`${i}`, i, i);
    filled.seal().write(nothing);

    const store = openTaskState(backend, [words], { cacheRows: 100 }).store('words');
    for (let i = 0; i < 10; i++) store.get(`${i}`);
    for (let i = 10; i < 1000; i++) {
      store.get(`${i}`);
      for (let hot = 0; hot < 10; hot++) store.get(`${hot}`);
    }
    expect(reads()).toBe(1000);
    for (let i = 10; i < 900; i++) store.get(`${i}`);
    expect(reads()).toBe(1890);
  });

  it('gives all rows in key order, those in memory and those in the table', () => {
    const backend = memoryBackend();
    const first = openTaskState(backend, [words]);
    for (const key of ['d', 'b', 'a']) first.store('words').put(key, `old ${key}`, 1);
    first.seal().write(nothing);

    const store = openTaskState(backend, [words]).store('words');
    store.put('c', 'new c', 2);
    store.put('b', 'new b', 2);
    store.delete('a', 2);
    expect([...store.entries()].map(([, { value }]) => value)).toEqual(['new b', 'new c', 'old d']);
  });

  it('can be scanned while rows change, each row as it is when its turn comes', () => {
    const store = openTaskState(memoryBackend(), [words]).store('words');
    for (const key of ['a', 'b', 'c']) store.put(key, 1, 1);
    const seen: unknown[] = [];
    for (const [key, { value }] of store.entries()) {
      seen.push([key, value]);
      store.put('b', 2, 2);
      store.delete('c', 2);
    }
    expect(seen).toEqual([['a', 1], ['b', 2]]); // biome-ignore format: one line
  });
});
