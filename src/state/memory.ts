import type { Encoded } from '../dsl/codecs/codec.ts';
import type { RowRange } from '../dsl/keyRange.ts';
import { MillraceError } from '../errors.ts';
import type { Backend, Row, Table, TableSpec, Writer } from './backend.ts';
import { compareEncoded } from './compareEncoded.ts';
import { checkSameTable } from './tableSpec.ts';

/** Rows in this process only, for tests and for state that may be rebuilt from its changelog at every start. */
export function memoryBackend(): Backend {
  return new MemoryBackend();
}

class MemoryBackend implements Backend {
  readonly #tables = new Map<string, MemoryTable>();
  readonly #meta = new Map<string, string>();
  #closed = false;

  open(spec: TableSpec): Table {
    this.#assertOpen();
    const known = this.#tables.get(spec.name);
    if (known !== undefined) {
      checkSameTable(known.spec, spec, 'memory');
      return known;
    }
    const table = new MemoryTable(spec);
    this.#tables.set(spec.name, table);
    return table;
  }

  readMeta(): ReadonlyMap<string, string> {
    this.#assertOpen();
    return new Map(this.#meta);
  }

  transaction(writes: (write: Writer) => void): void {
    this.#assertOpen();
    const journal: (() => void)[] = [];
    writes(journalWriter(journal, this.#meta));
    for (const apply of journal) apply();
  }

  copyTo(): Promise<void> {
    return Promise.reject(new MillraceError('INTERNAL', 'state that is kept in memory cannot be copied'));
  }

  close(): void {
    this.#closed = true;
    this.#tables.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new MillraceError('INTERNAL', 'the state was used after it was closed');
  }
}

/** Collects writes so that one that throws half way leaves nothing behind. */
function journalWriter(journal: (() => void)[], meta: Map<string, string>): Writer {
  return {
    put(table, key, start, value, timestamp) {
      const row: Row = { key: copy(key), start, value: copy(value), timestamp };
      journal.push(() => (table as MemoryTable).put(row));
    },
    delete(table, key, start) {
      const name = copy(key);
      journal.push(() => (table as MemoryTable).delete(name, start));
    },
    expire(table, before) {
      journal.push(() => (table as MemoryTable).expire(before));
    },
    clear(table) {
      journal.push(() => (table as MemoryTable).clear());
    },
    append(table, key, start, value, timestamp) {
      const row = { key: copy(key), start, value: value === null ? null : copy(value), timestamp };
      journal.push(() => (table as MemoryTable).appended.push(row));
    },
    settle(table) {
      journal.push(() => (table as MemoryTable).settle());
    },
    meta(name, value) {
      journal.push(() => meta.set(name, value));
    },
  };
}

interface AppendedRow extends Omit<Row, 'value'> {
  readonly value: Encoded | null;
}

class MemoryTable implements Table {
  readonly spec: TableSpec;
  readonly appended: AppendedRow[] = [];
  readonly #byStart = new Map<number, Map<string, Row>>();

  constructor(spec: TableSpec) {
    this.spec = spec;
  }

  get(key: Encoded, start: number): Row | undefined {
    const row = this.#byStart.get(start)?.get(idOf(key));
    return row && copyRow(row);
  }

  range(key: Encoded, from: number, to: number): Row[] {
    const id = idOf(key);
    const found: Row[] = [];
    for (const [start, rows] of this.#byStart) {
      const row = start >= from && start <= to ? rows.get(id) : undefined;
      if (row !== undefined) found.push(copyRow(row));
    }
    return found.sort((a, b) => a.start - b.start);
  }

  *within({ from, until, reverse = false }: RowRange): Iterable<Row> {
    const found = [...this.rows()].filter(
      ({ key }) =>
        (from === undefined || compareEncoded(key, from) >= 0) &&
        (until === undefined || compareEncoded(key, until) < 0),
    );
    yield* reverse ? found.reverse() : found;
  }

  rows(): Iterable<Row> {
    return this.between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  *between(from: number, to: number): Iterable<Row> {
    const within = [...this.#byStart].filter(([start]) => start >= from && start <= to);
    const all = within.flatMap(([, rows]) => [...rows.values()]);
    all.sort((a, b) => a.start - b.start || compareEncoded(a.key, b.key));
    for (const row of all) yield copyRow(row);
  }

  isEmpty(): boolean {
    return this.#byStart.size === 0;
  }

  put(row: Row): void {
    const rows = this.#byStart.get(row.start);
    if (rows === undefined) this.#byStart.set(row.start, new Map([[idOf(row.key), row]]));
    else rows.set(idOf(row.key), row);
  }

  delete(key: Encoded, start: number): void {
    const rows = this.#byStart.get(start);
    if (rows?.delete(idOf(key)) && rows.size === 0) this.#byStart.delete(start);
  }

  expire(before: number): void {
    for (const start of this.#byStart.keys()) if (start < before) this.#byStart.delete(start);
  }

  clear(): void {
    this.#byStart.clear();
    this.appended.length = 0;
  }

  settle(): void {
    for (const { key, start, value, timestamp } of this.appended) {
      if (value === null) this.delete(key, start);
      else this.put({ key, start, value, timestamp });
    }
    this.appended.length = 0;
  }
}

/** Rows come back as SQLite would give them: bytes are the caller's own, text holds no lone surrogates. */
function copy(encoded: Encoded): Encoded {
  return typeof encoded === 'string' ? encoded.toWellFormed() : Buffer.from(encoded);
}

function copyRow(row: Row): Row {
  return { key: copy(row.key), start: row.start, value: copy(row.value), timestamp: row.timestamp };
}

function idOf(key: Encoded): string {
  return typeof key === 'string' ? key.toWellFormed() : key.toString('latin1');
}
