import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../errors.ts';
import { coverFile } from './pageSums.ts';
import { sqliteError } from './sqliteError.ts';

/** Makes a file that holds a whole database the state of a task that has none. The folder must be locked. */
export function installDatabase(folder: string, file: string): void {
  const path = join(folder, 'state.db');
  try {
    if (hasDatabase(folder)) throw new MillraceError('INTERNAL', `there is state in ${folder} already`);
    coverFile(file);
    renameSync(`${file}-sums`, `${path}-sums`);
    renameSync(file, path);
  } catch (error) {
    rmSync(`${file}-sums`, { force: true });
    throw sqliteError(error, path);
  }
}

export function hasDatabase(folder: string): boolean {
  return existsSync(join(folder, 'state.db')) || existsSync(join(folder, 'state.db-wal'));
}
