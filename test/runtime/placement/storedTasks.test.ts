import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localMeta } from '../../../src/runtime/commitMeta.ts';
import { folderDisk } from '../../../src/runtime/disk.ts';
import { storedTasks } from '../../../src/runtime/placement/storedTasks.ts';
import { taskFolder } from '../../../src/state/folder.ts';
import { sqliteBackend } from '../../../src/state/sqlite.ts';
import { tempFolder } from '../../kit/tempFolder.ts';

const meta = { sequence: 1, incarnation: 'i', positions: { in: 3 }, streamTime: 5 };

function stored(folder: string, task: string, changelogs: Record<string, number>) {
  const backend = sqliteBackend(taskFolder(folder, 'shop', task));
  const entries = localMeta(
    { commit: meta, changelogs: new Map(Object.entries(changelogs)), claims: new Map() },
    '{}',
    0,
  );
  backend.transaction((write) => {
    for (const [name, value] of entries) write.meta(name, value);
  });
  return backend;
}

describe('storedTasks', () => {
  it('tells how far the state of each task goes, also of one that is being worked on', () => {
    const folder = tempFolder();
    stored(folder, 'a_0', { one: 40, two: 2 }).close();
    const open = stored(folder, 'a_1', { one: 7 });
    expect(storedTasks(folderDisk(folder), 'shop', new Map())).toEqual(
      new Map([
        ['a_0', 42],
        ['a_1', 7],
      ]),
    );
    open.transaction((write) => write.meta('changelogs', '{"one":9}'));
    expect(storedTasks(folderDisk(folder), 'shop', new Map()).get('a_1')).toBe(9);
    const running = new Map([['a_1', 12]]);
    expect(storedTasks(folderDisk(folder), 'shop', running).get('a_1')).toBe(12);
    open.close();
    // What has been looked at can still be opened, page sums and all.
    sqliteBackend(taskFolder(folder, 'shop', 'a_0')).close();
    sqliteBackend(taskFolder(folder, 'shop', 'a_1')).close();
    expect(storedTasks(folderDisk(folder), 'shop', new Map()).get('a_1')).toBe(9);
  });

  it('counts what it cannot read, and what holds nothing, as nothing', () => {
    const folder = tempFolder();
    stored(folder, 'a_0', { one: 0 }).close();
    mkdirSync(join(folder, 'shop', 'a_1'));
    mkdirSync(join(folder, 'shop', 'a_2'));
    writeFileSync(
      join(folder, 'shop', 'a_2', 'state.db'),
      'this is no database, though long enough to be one',
    );
    writeFileSync(join(folder, 'shop', 'README'), '');
    expect(storedTasks(folderDisk(folder), 'shop', new Map())).toEqual(new Map());
    expect(storedTasks(folderDisk(folder), 'none', new Map())).toEqual(new Map());
    expect(storedTasks('memory', 'shop', new Map())).toEqual(new Map());
  });
});
