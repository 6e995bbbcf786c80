import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/state/backend.ts';
import { changelogKey } from '../../src/state/changelog.ts';
import { memoryBackend } from '../../src/state/memory.ts';
import { beginRestore } from '../../src/state/restore.ts';
import { sqliteBackend } from '../../src/state/sqlite.ts';
import { openTaskState } from '../../src/state/taskState.ts';
import { bytes, json, text } from './codecs.ts';
import { keyValue, window } from './stores.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const words = keyValue('words', text, json);
const hours = window('hours', text, json, 100);
const raw = keyValue('raw', bytes, bytes);
const stores = [words, hours, raw];
const at = (position: number): Map<string, string> => new Map([['position', `${position}`]]);

const backends: [string, () => Backend][] = [
  ['sqlite', () => sqliteBackend(temporaryFolder())],
  ['memory', memoryBackend],
];

describe.each(backends)('beginRestore on %s', (_, open) => {
  it('keeps the last record of each key, and no deleted ones', () => {
    const backend = open();
    const restore = beginRestore(backend, stores);
    restore.apply('words', Buffer.from('é'), Buffer.from('1'), 10);
    restore.apply('words', Buffer.from('b'), Buffer.from('2'), 20);
    restore.commit(at(2));
    restore.apply('words', Buffer.from('é'), Buffer.from('3'), 30);
    restore.apply('words', Buffer.from('b'), null, 40);
    restore.apply('raw', Buffer.from([0xff]), Buffer.alloc(0), 50);
    expect(restore.pendingRows).toBe(3);
    restore.finish(at(5));

    const state = openTaskState(backend, stores);
    expect([...state.store('words').entries()]).toEqual([['é', { value: 3, timestamp: 30 }]]);
    expect([...state.store('raw').entries()]).toEqual([
      [Buffer.from([0xff]), { value: Buffer.alloc(0), timestamp: 50 }],
    ]);
    expect(state.meta).toEqual(at(5));
    backend.close();
  });

  it('leaves out windows that have expired, whichever record comes first', () => {
    const backend = open();
    const restore = beginRestore(backend, stores);
    const put = (key: string, start: number): void =>
      restore.apply('hours', changelogKey(hours.spec, key, start), Buffer.from(`${start}`), start);
    put('a', 0);
    put('a', 50);
    restore.commit(at(2));
    put('b', 150);
    put('c', 40);
    restore.commit(at(4));
    put('d', 151);
    put('e', 51);
    restore.finish(at(6));

    const state = openTaskState(backend, stores);
    expect([...state.windowStore('hours').entries()].map(([{ key, start }]) => [key, start])).toEqual([
      ['b', 150],
      ['d', 151],
    ]);
    state.windowStore('hours').put('late', 51, 1, 1);
    expect(state.windowStore('hours').get('late', 51)).toBeUndefined();
    backend.close();
  });

  it('goes on after a crash from where it was committed', () => {
    const backend = open();
    const first = beginRestore(backend, stores);
    first.apply('words', 'a', '1', 1);
    first.commit(at(1));
    first.apply('words', 'a', '2', 2);

    const second = beginRestore(backend, stores);
    expect(second.meta).toEqual(at(1));
    second.apply('words', 'b', '3', 3);
    second.finish(at(3));
    const state = openTaskState(backend, stores);
    expect([...state.store('words').entries()].map(([key, { value }]) => [key, value])).toEqual([['a', 1], ['b', 3]]); // biome-ignore format: one line
    backend.close();
  });

  it('shows what was committed when it never came to its end', () => {
    const backend = open();
    const restore = beginRestore(backend, stores);
    restore.apply('words', 'a', '1', 1);
    restore.commit(at(1));
    expect(openTaskState(backend, stores).store('words').get('a')?.value).toBe(1);
    backend.close();
  });

  it('brings a state that is behind up to date', () => {
    const backend = open();
    const state = openTaskState(backend, stores);
    for (const key of ['a', 'b', 'c']) state.store('words').put(key, 'old', 1);
    state.seal().write(at(3));
    const restore = beginRestore(backend, stores);
    restore.apply('words', 'a', '"new"', 2);
    restore.apply('words', 'b', null, 2);
    restore.apply('words', 'd', '"new"', 2);
    restore.finish(at(6));
    const rows = [...openTaskState(backend, stores).store('words').entries()];
    expect(rows.map(([key, { value }]) => [key, value])).toEqual([['a', 'new'], ['c', 'old'], ['d', 'new']]); // biome-ignore format: one line
    backend.close();
  });

  it('sorts in as it goes when there are more rows than it should hold back', () => {
    const backend = open();
    const restore = beginRestore(backend, stores, { settleRows: 10 });
    for (let i = 0; i < 95; i++) {
      restore.apply('words', `k${i % 30}`, i % 7 === 0 ? null : `${i}`, i);
      if (i % 4 === 0) restore.commit(at(i));
    }
    restore.finish(at(95));
    const found = new Map([...openTaskState(backend, stores).store('words').entries()]);
    for (let i = 65; i < 95; i++) {
      expect(found.get(`k${i % 30}`)).toEqual(i % 7 === 0 ? undefined : { value: i, timestamp: i });
    }
    backend.close();
  });

  it('refuses records of a store it does not know', () => {
    const backend = open();
    expect(() => beginRestore(backend, stores).apply('gone', 'a', '1', 1)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_STORE' }),
    );
    backend.close();
  });
});
