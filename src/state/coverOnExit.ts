import type Database from 'better-sqlite3';
import { coverWal } from './pageSums.ts';

/**
 * A database that nobody closes is closed by Node as the process ends, or as soon as nothing refers to it, and SQLite then moves
 * its log to the file. This keeps it until then, and accounts for those pages as the process exits. Module state, since the
 * process and its end are one for all.
 */
const open = new Map<Database.Database, string>();

/** Gives what to call when the database is closed after all. */
export function coverOnExit(database: Database.Database, path: string): () => void {
  if (open.size === 0) process.on('exit', coverAll);
  open.set(database, path);
  return () => {
    open.delete(database);
    if (open.size === 0) process.off('exit', coverAll);
  };
}

function coverAll(): void {
  for (const path of open.values()) {
    try {
      coverWal(path);
    } catch {
      // Nobody is left to tell. Pages not accounted for are found damaged at the next start and rebuilt.
    }
  }
}
