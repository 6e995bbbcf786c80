import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import { MillraceError } from '../errors.ts';

/**
 * Opens a SQLite file. better-sqlite3 is loaded here, at the first call, so that the check of the Node version comes
 * before it: on a version it was not built for it takes the process down instead of throwing.
 */
export function openDatabase(path: string, options: Database.Options = {}): Database.Database {
  const Sqlite = load();
  return new Sqlite(path, options);
}

function load(): typeof Database {
  try {
    return createRequire(import.meta.url)('better-sqlite3') as typeof Database;
  } catch (cause) {
    throw new MillraceError('UNSUPPORTED_NODE', 'the native part of better-sqlite3 cannot be loaded', {
      cause,
      found: `Node ${process.version} on ${process.platform} ${process.arch}`,
      next: 'Run `npm install` again on this machine, on a platform that better-sqlite3 has a build for.',
    });
  }
}
