import { describe, expect, it } from 'vitest';
import { taskFolder } from '../../src/state/folder.ts';
import { lockFolder } from '../../src/state/lock.ts';
import { beginRestore } from '../../src/state/restore.ts';
import { sqliteBackend } from '../../src/state/sqlite.ts';
import { openTaskState } from '../../src/state/taskState.ts';
import { canMount, mountSmallDisk, occupy } from '../kit/smallDisk.ts';
import { json, text } from './codecs.ts';
import { keyValue } from './stores.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const words = keyValue('words', text, json);
const full = expect.objectContaining({ code: 'DISK_FULL' });
const at = (position: number): Map<string, string> => new Map([['position', `${position}`]]);

function smallDisk(megabytes: number): string {
  const folder = temporaryFolder();
  mountSmallDisk(folder, megabytes);
  return folder;
}

describe.runIf(canMount())('a full disk', { timeout: 30_000 }, () => {
  it('F12: stops a write with DISK_FULL, leaves the state as it was, and lets it be written again', () => {
    const folder = smallDisk(8);
    const backend = sqliteBackend(folder);
    const state = openTaskState(backend, [words]);
    const store = state.store('words');
    store.put('kept', 'before', 1);
    state.seal().write(at(1));

    const free = occupy(folder);
    store.put('kept', 'after', 2);
    for (let i = 0; i < 1000; i++) store.put(`key-${i}`, 'x'.repeat(500), 2);
    const sealed = state.seal();
    for (let i = 0; i < 3; i++) expect(() => sealed.write(at(2))).toThrow(full);
    expect(() => sealed.write(at(2))).toThrow(folder);
    expect(backend.readMeta().get('position')).toBe('1');
    expect(openTaskState(backend, [words]).store('words').get('kept')?.value).toBe('before');
    expect(openTaskState(backend, [words]).store('words').get('key-1')).toBeUndefined();
    expect(store.get('kept')?.value).toBe('after');

    free();
    sealed.write(at(2));
    expect(openTaskState(backend, [words]).store('words').get('key-999')?.timestamp).toBe(2);
    backend.close();
    const again = sqliteBackend(folder);
    expect(again.readMeta().get('position')).toBe('2');
    again.close();
  });

  it('F12: keeps what was committed when the process ends with the disk full', () => {
    const folder = smallDisk(16);
    const backend = sqliteBackend(folder);
    const state = openTaskState(backend, [words]);
    for (let i = 0; i < 5000; i++) state.store('words').put(`key-${i}`, 'x'.repeat(500), 1);
    state.seal().write(at(1));
    const free = occupy(folder);
    expect(() => backend.close()).toThrow(full);

    const reopened = sqliteBackend(folder);
    expect(reopened.readMeta().get('position')).toBe('1');
    expect(() => reopened.close()).toThrow(full);
    free();
    for (let i = 0; i < 2; i++) {
      const again = sqliteBackend(folder);
      expect(again.readMeta().get('position')).toBe('1');
      expect([...openTaskState(again, [words]).store('words').entries()]).toHaveLength(5000);
      again.close();
    }
  });

  it('F12: stops a restore, which goes on when there is room', () => {
    const folder = smallDisk(8);
    const backend = sqliteBackend(folder);
    const restore = beginRestore(backend, [words]);
    restore.apply('words', 'a', '1', 1);
    restore.commit(at(1));
    const free = occupy(folder);
    for (let i = 0; i < 3000; i++) restore.apply('words', `b${i}`, JSON.stringify('x'.repeat(500)), 1);
    expect(() => restore.commit(at(2))).toThrow(full);
    expect(() => restore.finish(at(2))).toThrow(full);
    expect(backend.readMeta().get('position')).toBe('1');
    free();
    restore.finish(at(2));
    expect([...openTaskState(backend, [words]).store('words').entries()]).toHaveLength(3001);
    backend.close();
  });

  it('F12: stops the start: lock and database say what is wrong', () => {
    const stateDir = smallDisk(1);
    const folder = taskFolder(stateDir, 'app', 'task');
    occupy(stateDir);
    expect(() => sqliteBackend(folder)).toThrow(full);
    expect(() => lockFolder(folder)).toThrow(full);
  });
});
