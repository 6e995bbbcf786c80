import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TableSpec } from '../../src/state/backend.ts';
import { openDatabase } from '../../src/state/openDatabase.ts';
import { coverWal } from '../../src/state/pageSums.ts';
import { sqliteBackend } from '../../src/state/sqlite.ts';
import { backendContract } from './backendContract.ts';
import { temporaryFolder } from './temporaryFolder.ts';

backendContract('sqliteBackend', () => sqliteBackend(temporaryFolder()));

const words: TableSpec = { name: 'words', kind: 'keyValue', key: 'text', value: 'text' };

/** Changes the database as another version of millrace would. */
function change(folder: string, sql: string): void {
  const path = join(folder, 'state.db');
  const database = openDatabase(path);
  database.pragma('wal_autocheckpoint = 0');
  database.exec(sql);
  coverWal(path);
  database.close();
}

describe('sqliteBackend', { timeout: 30_000 }, () => {
  it('keeps rows, stores, appended rows and meta over a restart', () => {
    const folder = temporaryFolder();
    const first = sqliteBackend(folder);
    const table = first.open(words);
    const clashing = first.open({ ...words, name: 'Words' });
    first.transaction((write) => {
      write.put(table, 'a', 0, '1', 1);
      write.put(clashing, 'a', 0, '2', 2);
      write.append(table, 'b', 0, '3', 3);
      write.meta('position', '7');
    });
    first.close();

    const second = sqliteBackend(folder);
    expect(second.readMeta()).toEqual(new Map([['position', '7']]));
    const again = second.open({ ...words, name: 'Words' });
    expect(again.get('a', 0)?.value).toBe('2');
    const reopened = second.open(words);
    expect([...reopened.rows()].map(({ key }) => key)).toEqual(['a']);
    second.transaction((write) => write.settle(reopened));
    expect([...reopened.rows()].map(({ key }) => key)).toEqual(['a', 'b']);
    expect(() => sqliteBackend(folder).open({ ...words, value: 'bytes' })).toThrow(
      expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }),
    );
    second.close();
  });

  it('leaves one file, its checksums and no log when it is closed', () => {
    const folder = temporaryFolder();
    sqliteBackend(folder).close();
    expect(existsSync(join(folder, 'state.db-sums'))).toBe(true);
    expect(existsSync(join(folder, 'state.db-wal'))).toBe(false);
  });

  it('moves its log to the file when it has grown to 10000 pages', () => {
    const folder = temporaryFolder();
    const backend = sqliteBackend(folder);
    const table = backend.open(words);
    for (let i = 0; i < 50; i++) {
      backend.transaction((write) => write.put(table, `${i}`, 0, 'x'.repeat(1 << 20), i));
    }
    expect(statSync(join(folder, 'state.db')).size).toBeGreaterThan(40 << 20);
    expect(statSync(join(folder, 'state.db-wal')).size).toBeLessThan(15 << 20);
    backend.close();
  });

  it('shows others the committed state while it is open', () => {
    const folder = temporaryFolder();
    const backend = sqliteBackend(folder);
    const table = backend.open(words);
    backend.transaction((write) => write.put(table, 'a', 0, '1', 1));
    const other = openDatabase(join(folder, 'state.db'), { readonly: true });
    expect(other.prepare('select key, value, timestamp from words').all()).toEqual([
      { key: 'a', value: '1', timestamp: 1 },
    ]);
    // A reader that stays keeps the log from being moved, and nothing else.
    other.exec('begin');
    other.prepare('select count(*) from words').get();
    backend.transaction((write) => write.put(table, 'b', 0, '2', 1));
    backend.close();
    other.close();
    const again = sqliteBackend(folder);
    expect(again.open(words).get('b', 0)?.value).toBe('2');
    again.close();
  });

  it('F11: refuses a database of a newer format, and leaves it as it is', () => {
    const folder = temporaryFolder();
    sqliteBackend(folder).close();
    change(folder, "update millrace_meta set value = '2' where name = 'format'; create table newer (a)");
    const incompatible = expect.objectContaining({ code: 'STATE_INCOMPATIBLE' });
    for (let i = 0; i < 2; i++) expect(() => sqliteBackend(folder)).toThrow(incompatible);
    expect(() => sqliteBackend(folder)).toThrow(/format 2/);
    change(folder, "update millrace_meta set value = '1' where name = 'format'");
    sqliteBackend(folder).close();
  });

  it('F13: refuses a database of another program', () => {
    const folder = temporaryFolder();
    openDatabase(join(folder, 'state.db')).exec('pragma journal_mode = wal').close();
    change(folder, 'create table theirs (a)');
    expect(() => sqliteBackend(folder)).toThrow(expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }));
  });

  it('says who is in the way when another program writes', () => {
    const folder = temporaryFolder();
    const backend = sqliteBackend(folder);
    const other = openDatabase(join(folder, 'state.db'));
    other.exec('begin immediate');
    const locked = expect.objectContaining({ code: 'STATE_LOCKED' });
    expect(() => backend.transaction((write) => write.meta('a', '1'))).toThrow(locked);
    other.exec('rollback');
    other.close();
    backend.transaction((write) => write.meta('a', '2'));
    expect(backend.readMeta().get('a')).toBe('2');
    backend.close();
  });

  it('refuses a timestamp that is not whole, and writes nothing of that transaction', () => {
    const backend = sqliteBackend(temporaryFolder());
    const table = backend.open(words);
    const write = (): void =>
      backend.transaction((writer) => {
        writer.put(table, 'a', 0, '1', 1);
        writer.put(table, 'b', 0, '1', 0.5);
      });
    expect(write).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(table.isEmpty()).toBe(true);
    backend.close();
  });

  it.each(['', 'process.exit(0);', "throw new Error('end');"])(
    'is sound when the process ends without closing it: %j',
    (end) => {
      const folder = temporaryFolder();
      const source = join(import.meta.dirname, '../../src/state/sqlite.ts');
      const script = `import { sqliteBackend } from ${JSON.stringify(source)};
        const backend = sqliteBackend(${JSON.stringify(folder)});
        backend.transaction((write) => write.meta('a', '1'));
        ${end}`;
      try {
        execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
      } catch (error) {
        if (!end.startsWith('throw')) throw error;
      }
      const backend = sqliteBackend(folder);
      expect(backend.readMeta().get('a')).toBe('1');
      backend.close();
    },
  );
});
