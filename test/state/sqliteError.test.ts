import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import { sqliteError } from '../../src/state/sqliteError.ts';
import { temporaryFolder } from './temporaryFolder.ts';

function coded(code: string, name: string = 'SqliteError'): Error {
  return Object.assign(new Error(`${code} happened`), { code, name });
}

describe('sqliteError', () => {
  it.each([
    ['SQLITE_FULL', 'DISK_FULL'],
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['SQLITE_READONLY', 'STATE_UNWRITABLE'],
    ['SQLITE_READONLY_DBMOVED', 'STATE_UNWRITABLE'],
    ['SQLITE_CANTOPEN', 'STATE_UNWRITABLE'],
    ['SQLITE_IOERR_WRITE', 'STATE_UNWRITABLE'],
    ['EACCES', 'STATE_UNWRITABLE'],
    ['EROFS', 'STATE_UNWRITABLE'],
    ['SQLITE_CORRUPT', 'STATE_CORRUPT'],
    ['SQLITE_CORRUPT_INDEX', 'STATE_CORRUPT'],
    ['SQLITE_NOTADB', 'STATE_CORRUPT'],
    ['SQLITE_IOERR_SHORT_READ', 'STATE_CORRUPT'],
    ['SQLITE_BUSY', 'STATE_LOCKED'],
    ['SQLITE_BUSY_SNAPSHOT', 'STATE_LOCKED'],
    ['SQLITE_CONSTRAINT_DATATYPE', 'INTERNAL'],
  ])('takes %s for %s, with the path and what to do', (code, expected) => {
    const path = `${temporaryFolder()}/state.db`;
    const error = sqliteError(coded(code), path);
    expect(error).toMatchObject({ code: expected, details: { path, next: expect.any(String) } });
    expect((error as Error).message).toContain(`${code} happened`);
  });

  it('leaves other errors alone', () => {
    const own = new MillraceError('NULL_KEY', 'x');
    const users = new TypeError('x is undefined');
    for (const error of [own, users, 'thrown text']) expect(sqliteError(error, '/x/state.db')).toBe(error);
  });
});
