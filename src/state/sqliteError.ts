import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ErrorCode, MillraceError } from '../errors.ts';

/** What SQLite or the file system threw about a file, in millrace's terms: what is wrong and what to do about it. Others pass as they are. */
export function sqliteError(cause: unknown, path: string): unknown {
  if (cause instanceof MillraceError || !(cause instanceof Error)) return cause;
  if (cause.message.includes('connection is not open')) return usedAfterClose(cause, path);
  const kind = classify(cause, path);
  if (kind === undefined) return cause.name === 'SqliteError' ? refused(cause, path) : cause;
  const [what, next] = remedies[kind];
  return new MillraceError(kind, what, { path, cause, found: errorCodeOf(cause), next: next(path) });
}

const remedies = {
  DISK_FULL: [
    'the disk that holds the state is full',
    (path: string) => `Free some space below ${dirname(path)}; nothing was lost.`,
  ],
  STATE_UNWRITABLE: [
    'the state cannot be read or written',
    (path: string) =>
      `Make ${dirname(path)} and what is in it writable for this user, or set another stateDir.`,
  ],
  STATE_CORRUPT: [
    'the state database is damaged',
    (path: string) => `Move ${dirname(path)} aside and start again: the state is rebuilt from its changelog.`,
  ],
  STATE_LOCKED: [
    'another program holds the state database',
    (path: string) => `Close what has ${path} open for writing and start again.`,
  ],
} as const satisfies Partial<Record<ErrorCode, readonly [string, (path: string) => string]>>;

function classify(error: Error, path: string): keyof typeof remedies | undefined {
  const code = errorCodeOf(error);
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) return 'DISK_FULL';
  if (/^(SQLITE_CORRUPT|SQLITE_NOTADB|SQLITE_IOERR_CORRUPTFS|SQLITE_IOERR_SHORT_READ)/.test(code))
    return 'STATE_CORRUPT';
  if (/^(SQLITE_BUSY|SQLITE_LOCKED|SQLITE_PROTOCOL)/.test(code)) return 'STATE_LOCKED';
  // The shared memory file of a WAL fails with an I/O error, not with SQLITE_FULL, when there is no room for it.
  if (code.startsWith('SQLITE_IOERR')) return hasRoom(path) ? 'STATE_UNWRITABLE' : 'DISK_FULL';
  if (
    /^(SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EEXIST|ENAMETOOLONG|EIO|ELOOP)/.test(
      code,
    )
  ) {
    return 'STATE_UNWRITABLE';
  }
  return error.message.includes('directory does not exist') ? 'STATE_UNWRITABLE' : undefined;
}

function errorCodeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function hasRoom(path: string): boolean {
  try {
    const { bavail } = statfsSync(dirname(path));
    return bavail > 0;
  } catch {
    // The folder itself cannot be asked: it is not for want of room that the write failed.
    return true;
  }
}

function usedAfterClose(cause: Error, path: string): MillraceError {
  return new MillraceError('INTERNAL', 'the state was used after it was closed', { path, cause });
}

/** Nothing about the disk or the file: a statement that should not have been made. */
function refused(cause: Error, path: string): MillraceError {
  return new MillraceError('INTERNAL', 'SQLite refused a statement', {
    path,
    cause,
    found: errorCodeOf(cause),
    next: 'Report this with the whole message: it is a mistake in millrace.',
  });
}
