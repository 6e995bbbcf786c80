import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareFile } from '../../src/state/databaseFile.ts';
import { openDatabase } from '../../src/state/openDatabase.ts';
import { migrations } from './migrations.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const child = join(import.meta.dirname, 'migration.child.ts');

/** A database of format 1 with rows in it. */
function ofFormatOne(): string {
  const path = join(temporaryFolder(), 'state.db');
  const database = openDatabase(path);
  prepareFile(database, path, []);
  database.exec('create table words (key text, value text)');
  for (let i = 0; i < 2_000; i++) database.prepare('insert into words values (?, ?)').run(`${i}`, `${i}`);
  database.close();
  return path;
}

function formatAndRow(path: string) {
  const database = openDatabase(path, { readonly: true });
  try {
    const format = database.prepare("select value from millrace_meta where name = 'format'").pluck().get();
    return { format, row: database.prepare('select * from words where key = 7').get() };
  } finally {
    database.close();
  }
}

describe('prepareFile', { timeout: 30_000 }, () => {
  it('F11: takes an older format through all that lies between, once', () => {
    const path = ofFormatOne();
    for (let start = 0; start < 2; start++) {
      const database = openDatabase(path);
      prepareFile(database, path, migrations);
      database.close();
      expect(formatAndRow(path)).toEqual({ format: '3', row: { key: '7', value: 'two 7', more: null } });
    }
  });

  it('F11: is killed in a migration: the database is as it was, and is migrated at the next start', () => {
    const path = ofFormatOne();
    const { signal, stderr } = spawnSync(process.execPath, [child, path], { encoding: 'utf8' });
    expect(signal, stderr).toBe('SIGKILL');
    expect(formatAndRow(path)).toEqual({ format: '1', row: { key: '7', value: '7' } });
    const database = openDatabase(path);
    prepareFile(database, path, migrations);
    database.close();
    expect(formatAndRow(path)).toEqual({ format: '3', row: { key: '7', value: 'two 7', more: null } });
  });

  it('F11: leaves a database alone when a step of its migration fails', () => {
    const path = ofFormatOne();
    const database = openDatabase(path);
    const failing = (): never => {
      throw new Error('no');
    };
    expect(() => prepareFile(database, path, [migrations[0], failing])).toThrow('no');
    database.close();
    expect(formatAndRow(path)).toEqual({ format: '1', row: { key: '7', value: '7' } });
  });
});
