import type Database from 'better-sqlite3';
import type { Encoded } from '../dsl/codecs/codec.ts';
import type { RowRange } from '../dsl/keyRange.ts';
import type { Row, Table, TableSpec } from './backend.ts';
import { sqliteError } from './sqliteError.ts';

type Bound = Encoded | number | null;
type RawRow = [key: Encoded, start: number, value: Encoded, timestamp: number];
type Statement = Database.Statement<Bound[], RawRow>;

/** How many rows a scan holds at once. Not a cursor: an open one would keep the connection from writing. */
const pageRows = 1000;
const firstRows = 16;

const deleted: number = Number.MIN_SAFE_INTEGER;

/**
 * One store's rows. Key-value tables are keyed by key; window tables by (start, key), so that a commit writes
 * neighbouring pages and expiry is one range; timelines by (key, start), with an index for expiry. WITHOUT ROWID keeps each row in one tree instead of two.
 */
export class SqliteTable implements Table {
  readonly spec: TableSpec;
  readonly #database: Database.Database;
  /** Quoted names: of the table, and of the heap that bulk loads go to first. */
  readonly #name: string;
  readonly #heap: string;
  /** Rows have a start. */
  readonly #aging: boolean;
  readonly #get: Statement;
  readonly #put: Statement;
  readonly #delete: Statement;
  #append: Statement | undefined;
  /** Prepared when they are first needed: scans, ranges, expiry. */
  readonly #others = new Map<string, Statement>();

  constructor(database: Database.Database, spec: TableSpec, name: string) {
    this.spec = spec;
    this.#database = database;
    this.#name = quote(name);
    this.#heap = quote(`${name}~restore`);
    this.#aging = spec.kind !== 'keyValue';
    this.#create(name);
    const where = this.#aging ? 'start = ? and key = ?' : 'key = ?';
    this.#get = this.#prepare(`select value, timestamp from ${this.#name} where ${where}`).raw();
    this.#put = this.#prepare(
      this.#aging
        ? `replace into ${this.#name} (start, key, value, timestamp) values (?, ?, ?, ?)`
        : `replace into ${this.#name} (key, value, timestamp) values (?, ?, ?)`,
    );
    this.#delete = this.#prepare(`delete from ${this.#name} where ${where}`);
  }

  get(key: Encoded, start: number): Row | undefined {
    try {
      const found = (this.#aging ? this.#get.get(start, key) : this.#get.get(key)) as unknown;
      if (found === undefined) return undefined;
      const [value, timestamp] = found as [Encoded, number];
      return { key, start, value, timestamp };
    } catch (error) {
      throw this.#translate(error);
    }
  }

  range(key: Encoded, from: number, to: number): Row[] {
    if (!this.#aging) {
      const row = from <= 0 && to >= 0 ? this.get(key, 0) : undefined;
      return row === undefined ? [] : [row];
    }
    if (this.spec.kind === 'timeline') {
      const select = `select key, start, value, timestamp from ${this.#name}`;
      return this.#all(`${select} where key = ? and start between ? and ? order by start`, [key, from, to]);
    }
    // Goes from each start to the next by the index: the starts are few, the keys of each are many.
    return this.#all(
      `with recursive starts(start) as (
         select min(start) from ${this.#name} where start >= ?
         union all
         select (select min(start) from ${this.#name} where start > starts.start) from starts where starts.start < ?
       )
       select rows.key, rows.start, rows.value, rows.timestamp
       from starts cross join ${this.#name} as rows on rows.start = starts.start and rows.key = ?
       where starts.start <= ? order by rows.start`,
      [from, to, key, to],
    );
  }

  between(from: number, to: number): Iterable<Row> {
    if (this.#aging) return this.#pages('start, key', 'start', [from, to]);
    return from <= 0 && to >= 0 ? this.rows() : [];
  }

  *within({ from, until, reverse = false }: RowRange): Generator<Row> {
    const select = `select key, 0, value, timestamp from ${this.#name}`;
    const end = `order by key ${reverse ? 'desc' : 'asc'} limit ?`;
    let lower = from === undefined ? undefined : { is: 'key >= ?', bound: from };
    let upper = until === undefined ? undefined : { is: 'key < ?', bound: until };
    // Who asks for a range often wants the first few of it.
    for (let rows = firstRows; ; rows = Math.min(4 * rows, pageRows)) {
      const limits = [lower, upper].filter((limit) => limit !== undefined);
      const where = limits.length === 0 ? '' : `where ${limits.map(({ is }) => is).join(' and ')}`;
      const bounds = limits.map(({ bound }) => bound);
      const page = this.#all(`${select} ${where} ${end}`, [...bounds, rows]);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < rows) return;
      if (reverse) upper = { is: 'key < ?', bound: last.key };
      else lower = { is: 'key > ?', bound: last.key };
    }
  }

  rows(): Iterable<Row> {
    if (this.#aging) return this.between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    return this.#pages('key', '0', [0, 0]);
  }

  /** In that order, what has `start` within the bounds. */
  *#pages(order: string, start: string, bounds: [from: number, to: number]): Generator<Row> {
    const select = `select key, ${start}, value, timestamp from ${this.#name} where ${start} between ? and ?`;
    const end = `order by ${order} limit ${pageRows}`;
    const places = order === 'key' ? '?' : '(?, ?)';
    let page = this.#all(`${select} ${end}`, bounds);
    for (;;) {
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < pageRows) return;
      const behind = order === 'key' ? [last.key] : [last.start, last.key];
      page = this.#all(`${select} and (${order}) > ${places} ${end}`, [...bounds, ...behind]);
    }
  }

  isEmpty(): boolean {
    return this.#all(`select key, 0, value, timestamp from ${this.#name} limit 1`, []).length === 0;
  }

  // What follows only runs inside a transaction of the backend, which translates the errors.

  put(key: Encoded, start: number, value: Encoded, timestamp: number): void {
    if (this.#aging) this.#put.run(start, key, value, timestamp);
    else this.#put.run(key, value, timestamp);
  }

  delete(key: Encoded, start: number): void {
    if (this.#aging) this.#delete.run(start, key);
    else this.#delete.run(key);
  }

  expire(before: number): void {
    if (this.#aging) this.#prepareOnce(`delete from ${this.#name} where start < ?`).run(before);
  }

  clear(): void {
    this.#database.exec(`delete from ${this.#name}; drop table if exists ${this.#heap}`);
    this.#append = undefined;
  }

  append(key: Encoded, start: number, value: Encoded | null, timestamp: number): void {
    this.#append ??= this.#prepareAppend();
    this.#append.run(key, start, value, timestamp);
  }

  /** One pass in key order over all that was appended: less than half the cost of inserting it in the order it came. */
  settle(): void {
    if (!this.#heapExists()) return;
    const order = this.#keyColumns();
    const columns = this.#aging ? 'start, key, value, timestamp' : 'key, value, timestamp';
    // Deletions go in with the rest, under a timestamp no record has, so that the last one for each key decides.
    const empty = this.spec.value === 'text' ? "''" : "x''";
    const values = columns
      .replace('timestamp', `iif(value is null, ${deleted}, timestamp)`)
      .replace('value,', `ifnull(value, ${empty}),`);
    this.#database.exec(
      `replace into ${this.#name} (${columns}) select ${values} from ${this.#heap} order by ${order}, rowid;
       delete from ${this.#name} where timestamp = ${deleted};
       drop table ${this.#heap}`,
    );
    this.#append = undefined;
  }

  /** What was prepared against a heap that the transaction made is void when the transaction is. */
  rolledBack(): void {
    this.#append = undefined;
  }

  #create(name: string): void {
    const key = this.spec.key === 'text' ? 'text' : 'blob';
    const value = this.spec.value === 'text' ? 'text' : 'blob';
    const columns = `${this.#aging ? 'start integer not null, ' : ''}key ${key} not null, value ${value} not null`;
    this.#database.exec(
      `create table if not exists ${this.#name} (
         ${columns}, timestamp integer not null, primary key (${this.#keyColumns()})) without rowid, strict`,
    );
    if (this.spec.kind !== 'timeline') return;
    const index = quote(`${name}~start`);
    this.#database.exec(`create index if not exists ${index} on ${this.#name} (start, key)`);
  }

  /** Windows that many keys share lie together; of a timeline the times of each key do. */
  #keyColumns(): string {
    return { keyValue: 'key', window: 'start, key', timeline: 'key, start' }[this.spec.kind];
  }

  #prepareAppend(): Statement {
    this.#database.exec(`create table if not exists ${this.#heap} (key, start, value, timestamp)`);
    return this.#prepare(`insert into ${this.#heap} values (?, ?, ?, ?)`);
  }

  #heapExists(): boolean {
    const found = this.#database.prepare('select 1 from sqlite_schema where name = ?');
    return found.get(this.#heap.slice(1, -1).replaceAll('""', '"')) !== undefined;
  }

  #prepare(source: string): Statement {
    return this.#database.prepare<Bound[], RawRow>(source);
  }

  #prepareOnce(source: string): Statement {
    const known = this.#others.get(source);
    if (known !== undefined) return known;
    const made = this.#prepare(source);
    this.#others.set(source, made);
    return made;
  }

  #all(source: string, bound: Bound[]): Row[] {
    try {
      const found = this.#prepareOnce(source)
        .raw()
        .all(...bound);
      return found.map(([key, start, value, timestamp]) => ({ key, start, value, timestamp }));
    } catch (error) {
      throw this.#translate(error);
    }
  }

  #translate(error: unknown): unknown {
    return sqliteError(error, this.#database.name);
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
