import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { MillraceError } from '../errors.ts';
import type { Backend, Table, TableSpec, Writer } from './backend.ts';
import { openDatabase } from './openDatabase.ts';
import { sqliteError } from './sqliteError.ts';
import { SqliteTable } from './sqliteTable.ts';
import { checkSameTable } from './tableSpec.ts';

/** Raised when what is in the file changes in a way that older code would misread. */
const formatVersion = 1;
const formatName = 'format';

/**
 * One task's state in `<folder>/state.db`: a write-ahead log that is synced when it is folded into the file, so that a
 * commit costs no disk wait. A crash of the process loses nothing; a power cut at most the newest commits, whole ones,
 * positions included: they come back from the changelog.
 *
 * Fails with STATE_CORRUPT, STATE_UNWRITABLE, DISK_FULL, STATE_LOCKED, and with STATE_INCOMPATIBLE when a newer millrace
 * wrote the file.
 */
export function sqliteBackend(folder: string): Backend {
  return new SqliteBackend(join(folder, 'state.db'));
}

class SqliteBackend implements Backend {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #tables = new Map<string, SqliteTable>();
  readonly #writer: Writer;

  constructor(path: string) {
    this.#path = path;
    this.#database = this.#attempt(() => openDatabase(path, { timeout: 2000 }));
    try {
      this.#attempt(() => prepareFile(this.#database, path));
      this.#writer = tableWriter(this.#database);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  open(spec: TableSpec): Table {
    const known = this.#tables.get(spec.name);
    if (known !== undefined) {
      checkSameTable(known.spec, spec, this.#path);
      return known;
    }
    let table: SqliteTable | undefined;
    this.#inTransaction(() => {
      table = new SqliteTable(this.#database, spec, nameTable(this.#database, spec, this.#path));
    });
    this.#tables.set(spec.name, table!);
    return table!;
  }

  readMeta(): ReadonlyMap<string, string> {
    return this.#attempt(() => {
      const rows = this.#database.prepare<[string], [string, string]>(
        'select name, value from millrace_meta where name <> ?',
      );
      return new Map(rows.raw().all(formatName));
    });
  }

  transaction(writes: (write: Writer) => void): void {
    this.#inTransaction(() => writes(this.#writer));
  }

  close(): void {
    this.#attempt(() => this.#database.close());
  }

  #inTransaction(body: () => void): void {
    this.#attempt(() => this.#database.exec('begin immediate'));
    try {
      body();
      this.#database.exec('commit');
    } catch (error) {
      // A full disk may have ended the transaction already; if not, nothing of it may stay.
      if (this.#database.inTransaction) this.#database.exec('rollback');
      for (const table of this.#tables.values()) table.rolledBack();
      throw sqliteError(error, this.#path);
    }
  }

  #attempt<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw sqliteError(error, this.#path);
    }
  }
}

function tableWriter(database: Database.Database): Writer {
  const meta = database.prepare<[string, string]>('replace into millrace_meta (name, value) values (?, ?)');
  return {
    put: (table, key, start, value, timestamp) => (table as SqliteTable).put(key, start, value, timestamp),
    delete: (table, key, start) => (table as SqliteTable).delete(key, start),
    expire: (table, before) => (table as SqliteTable).expire(before),
    clear: (table) => (table as SqliteTable).clear(),
    append: (table, key, start, value, timestamp) =>
      (table as SqliteTable).append(key, start, value, timestamp),
    settle: (table) => (table as SqliteTable).settle(),
    meta: (name, value) => void meta.run(name, value),
  };
}

function prepareFile(database: Database.Database, path: string): void {
  checkFormat(database, path);
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = normal');
  // Fewer, larger checkpoints write a page that changes often only once: 30 % fewer bytes than every 1000 pages.
  database.pragma('wal_autocheckpoint = 10000');
  database.pragma('cache_size = -16384');
  database.pragma('cell_size_check = on');
  database.pragma('trusted_schema = off');
  database.exec(`
    begin immediate;
    create table if not exists millrace_meta (name text not null primary key, value text not null) without rowid, strict;
    create table if not exists millrace_stores (
      name text not null primary key, kind text not null, key text not null, value text not null,
      rows text not null unique collate nocase) without rowid, strict;
    insert into millrace_meta values ('${formatName}', '${formatVersion}') on conflict do nothing;
    commit`);
}

function checkFormat(database: Database.Database, path: string): void {
  const tables = database.prepare<[], string>('select name from sqlite_schema').pluck().all();
  if (tables.length === 0) return;
  const found = tables.includes('millrace_meta')
    ? database
        .prepare<[string], string>('select value from millrace_meta where name = ?')
        .pluck()
        .get(formatName)
    : undefined;
  if (Number(found) <= formatVersion) return;
  throw new MillraceError(
    'STATE_INCOMPATIBLE',
    'the state database has a format this millrace does not know',
    {
      path,
      expected: `format ${formatVersion} or older`,
      found: found === undefined ? 'a database of another program' : `format ${found}`,
      next: 'Run the version of millrace that wrote it, or move the file aside to rebuild the state from its changelog.',
    },
  );
}

/** The table of a store: its own name where SQLite, which ignores case and keeps some names to itself, lets it. */
function nameTable(database: Database.Database, spec: TableSpec, path: string): string {
  type Entry = Pick<TableSpec, 'kind' | 'key' | 'value'> & { readonly rows: string };
  const entry = database.prepare<[string], Entry>(
    'select kind, key, value, rows from millrace_stores where name = ?',
  );
  const known = entry.get(spec.name);
  if (known !== undefined) {
    checkSameTable({ ...known, name: spec.name }, spec, path);
    return known.rows;
  }
  const taken = database.prepare<[string]>('select 1 from millrace_stores where rows = ?');
  const reserved = /^(sqlite|millrace)_/i.test(spec.name) || spec.name === '';
  const wanted = reserved ? `~${spec.name}` : spec.name;
  let name = wanted;
  for (let i = 2; taken.get(name) !== undefined; i++) name = `${wanted}~${i}`;
  const { kind, key, value } = spec;
  database
    .prepare('insert into millrace_stores values (?, ?, ?, ?, ?)')
    .run(spec.name, kind, key, value, name);
  return name;
}
