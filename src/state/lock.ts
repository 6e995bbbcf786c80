import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { MillraceError } from '../errors.ts';
import { openDatabase } from './openDatabase.ts';
import { sqliteError } from './sqliteError.ts';

/** The right of one owner in one process to a folder. */
export interface FolderLock {
  readonly folder: string;
  release(): void;
}

/**
 * Takes a folder for this owner alone, among processes and within this one. The lock is the operating system's, held by way
 * of an open SQLite transaction that writes nothing: it ends with the process, however that ends.
 *
 * Fails at once with STATE_LOCKED, which names the other process, and with STATE_UNWRITABLE and DISK_FULL.
 */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, 'lock.db');
  let database: Database.Database | undefined;
  try {
    database = openDatabase(path, { timeout: 0 });
    hold(database, path);
    writeFileSync(holderPath(folder), `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    database?.close();
    throw isBusy(error) ? lockedError(folder) : sqliteError(error, path);
  }
  return lockOf(folder, database);
}

function lockOf(folder: string, database: Database.Database): FolderLock {
  return {
    folder,
    release() {
      if (!database.open) return;
      rmSync(holderPath(folder), { force: true });
      database.close();
    },
  };
}

function hold(database: Database.Database, path: string): void {
  // On a file that may not be written SQLite takes a shared lock only, without a word.
  accessSync(path, constants.W_OK);
  // Without a journal on disk there is nothing to clear up after a kill.
  database.pragma('journal_mode = memory');
  database.exec('begin exclusive');
}

/** Not in the database: nobody but its holder can read that. */
function holderPath(folder: string): string {
  return join(folder, 'lock.pid');
}

function lockedError(folder: string): MillraceError {
  const pid = existsSync(holderPath(folder)) ? readFileSync(holderPath(folder), 'utf8').trim() : '';
  const here = pid === `${process.pid}`;
  return new MillraceError('STATE_LOCKED', `${here ? 'this' : 'another'} process uses the state folder`, {
    path: folder,
    found: /^\d+$/.test(pid) ? `process ${pid}` : 'a process that has not said its id yet',
    next: here
      ? 'Close the application that has it, or give this one another id or stateDir.'
      : 'Stop that process, or give each instance on this machine a stateDir of its own.',
  });
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
}
