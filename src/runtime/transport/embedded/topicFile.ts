import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { MillraceError } from '../../../errors.ts';
import { type FolderLock, lockFolder } from '../../../state/lock.ts';
import { openDatabase } from '../../../state/openDatabase.ts';
import { sqliteError } from '../../../state/sqliteError.ts';

/** What the tables mean; another number is another format. */
const format = '1';

const schema = `
  create table if not exists meta (name text primary key, value text not null) without rowid;
  create table if not exists topic (
    id integer primary key, name text not null unique, config text not null, partitions integer not null
  );
  create table if not exists bounds (
    topic integer not null, partition integer not null,
    start_offset integer not null, end_offset integer not null, decided integer not null,
    primary key (topic, partition)
  ) without rowid;
  create table if not exists batch (
    topic integer not null, partition integer not null, base_offset integer not null, next_offset integer not null,
    kind text not null, producer_id integer not null, aborted integer not null, max_timestamp real not null,
    count integer not null, bytes integer not null, delete_horizon real, records blob
  );
  create unique index if not exists batch_place on batch (topic, partition, base_offset);
  create table if not exists committed (
    group_id text not null, topic text not null, partition integer not null,
    offset integer not null, metadata text not null,
    primary key (group_id, topic, partition)
  ) without rowid;
  create table if not exists producer (
    transactional_id text primary key, producer_id integer not null, epoch integer not null
  ) without rowid;
`;

export interface TopicFile {
  readonly path: string;
  readonly database: Database.Database;
  close(): void;
}

/** Opens or makes the file for this broker alone. STATE_LOCKED, STATE_UNWRITABLE, STATE_CORRUPT, STATE_INCOMPATIBLE. */
export function openTopicFile(path: string): TopicFile {
  const lock = lockFile(path);
  try {
    // Nobody else writes to it; somebody may look at it for a moment.
    const database = openDatabase(path, { timeout: 1_000 });
    database.pragma('journal_mode = wal');
    // Enough to keep what is committed when the process is killed; only a power failure may take the last commits.
    database.pragma('synchronous = normal');
    database.exec(schema);
    checkFormat(database, path);
    return {
      path,
      database,
      close() {
        database.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw topicFileError(error, path);
  }
}

function lockFile(path: string): FolderLock {
  const folder = `${path}.lock`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(folder, { recursive: true });
    return lockFolder(folder);
  } catch (error) {
    const isLocked = error instanceof MillraceError && error.code === 'STATE_LOCKED';
    if (!isLocked) throw topicFileError(error, path);
    throw new MillraceError('STATE_LOCKED', 'the file of the embedded topics is in use', {
      path,
      found: error.details.found,
      next: 'Stop what uses it, share its embeddedBroker, or choose another file.',
    });
  }
}

function checkFormat(database: Database.Database, path: string): void {
  database.prepare("insert or ignore into meta values ('format', ?)").run(format);
  const found = database.prepare("select value from meta where name = 'format'").pluck().get();
  if (found === format) return;
  throw new MillraceError('STATE_INCOMPATIBLE', 'the file of the embedded topics has another format', {
    path,
    expected: `format ${format}`,
    found: `format ${found}`,
    next: 'Open it with the version of millrace that wrote it, or choose another file.',
  });
}

/** As sqliteError, but for what a damaged file means: the topics are in no other place. */
export function topicFileError(cause: unknown, path: string): unknown {
  const error = sqliteError(cause, path);
  if (!(error instanceof MillraceError) || error.code !== 'STATE_CORRUPT') return error;
  return new MillraceError('STATE_CORRUPT', 'the file of the embedded topics is damaged', {
    path,
    cause,
    found: error.details.found,
    next: `Bring ${path} back from a backup, or move it aside and begin with empty topics.`,
  });
}
