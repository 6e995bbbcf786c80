import { statSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type { Backend, Table, TableSpec, Writer } from './backend.ts';
import { coverOnExit } from './coverOnExit.ts';
import { formatName, nameTable, prepareFile } from './databaseFile.ts';
import { openDatabase } from './openDatabase.ts';
import { coverWal, hasSums, verifyPages } from './pageSums.ts';
import { sqliteError } from './sqliteError.ts';
import { SqliteTable } from './sqliteTable.ts';
import { checkSameTable } from './tableSpec.ts';

/** ms to wait for another program that writes. */
const busyTimeout = 2000;

/** 10000 pages. Fewer, larger checkpoints write a page that changes often only once: 30 % fewer bytes than every 1000. */
const checkpointBytes = 40 << 20;

/** Pages of a copy between two turns of the event loop: 2 MiB, some ms. */
const copiedPages = 512;

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
  readonly #closed: () => void;
  #checkpointAt = checkpointBytes;

  constructor(path: string) {
    this.#path = path;
    this.#database = this.#attempt(() => {
      verifyPages(path);
      return openDatabase(path, { timeout: busyTimeout });
    });
    this.#closed = coverOnExit(this.#database, path);
    try {
      this.#attempt(() => prepareFile(this.#database, path));
      this.#writer = tableWriter(this.#database);
      if (!hasSums(path)) this.#checkpoint();
    } catch (error) {
      this.#closeKeepingLog();
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
    // Before and not after: when it fails nothing of this transaction has been written.
    if (this.#walBytes() >= this.#checkpointAt) this.#checkpoint();
    this.#inTransaction(() => writes(this.#writer));
  }

  copyTo(path: string): Promise<void> {
    const copied = this.#database.backup(path, { progress: () => copiedPages });
    return copied.then(
      () => undefined,
      (error: unknown) => {
        throw sqliteError(error, path);
      },
    );
  }

  close(): void {
    if (!this.#database.open) return;
    try {
      this.#checkpoint();
    } catch (error) {
      this.#closeKeepingLog();
      throw error;
    }
    this.#database.close();
    this.#closed();
  }

  /**
   * The last to close a database moves its log to the file, whether its pages are accounted for or not. One that can only read
   * cannot: closed last, it leaves the log for the next start.
   */
  #closeKeepingLog(): void {
    let reader: Database.Database | undefined;
    try {
      reader = openDatabase(this.#path, { readonly: true, timeout: 0 });
      reader.pragma('schema_version');
    } catch {
      // What is wrong has been thrown by whoever closes. At worst pages are found damaged at the next start and rebuilt.
    }
    this.#database.close();
    reader?.close();
    this.#closed();
  }

  /** Moves the log to the file. Readers in other programs may put that off: the log grows and is moved another time. */
  #checkpoint(): void {
    this.#attempt(() => {
      coverWal(this.#path);
      this.#database.pragma('busy_timeout = 0');
      this.#database.pragma('wal_checkpoint(truncate)');
      this.#database.pragma(`busy_timeout = ${busyTimeout}`);
    });
    this.#checkpointAt = this.#walBytes() + checkpointBytes;
  }

  #walBytes(): number {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  #inTransaction(body: () => void): void {
    this.#attempt(() => this.#database.exec('begin immediate'));
    try {
      body();
      this.#database.exec('commit');
    } catch (error) {
      // A full disk may have ended the transaction already; if not, nothing of it may stay.
      if (this.#database.inTransaction) this.#attempt(() => this.#database.exec('rollback'));
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
