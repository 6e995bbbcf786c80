import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { openDatabase } from './openDatabase.ts';

/**
 * The meta data of the state in a task's folder, without taking the folder or checking its pages: also while another process
 * works on it. undefined when there is none that can be read now: whoever opens it to work on it finds out why.
 */
export function peekMeta(folder: string): ReadonlyMap<string, string> | undefined {
  return peekFile(join(folder, 'state.db'));
}

/** The same of a database file under any name. */
export function peekFile(path: string): ReadonlyMap<string, string> | undefined {
  if (!existsSync(path)) return undefined;
  let database: Database.Database | undefined;
  try {
    database = openDatabase(path, { readonly: true, timeout: 0 });
    const rows = database.prepare<[], [string, string]>('select name, value from millrace_meta');
    return new Map(rows.raw().all());
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}
