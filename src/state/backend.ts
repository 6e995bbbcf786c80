import type { Encoded } from '../dsl/codecs/codec.ts';
import type { RowRange } from '../dsl/keyRange.ts';

/**
 * Where one task's rows are kept: all its stores, its position and its meta data in one database. Synchronous.
 * One file per backend (sqlite.ts, memory.ts); test/state/backendContract.ts says what each must do.
 */
export interface Backend {
  /**
   * Opens or makes the table of a store. The formats decide the column types: TEXT or BLOB.
   * STATE_INCOMPATIBLE when there is one of that name with another kind or other formats.
   */
  open(store: TableSpec): Table;
  /** Small values by name: positions, stream time, incarnation, fingerprint, format version. */
  readMeta(): ReadonlyMap<string, string>;
  /** Runs all writes in one transaction: all or nothing. DISK_FULL, STATE_UNWRITABLE, STATE_CORRUPT leave it as it was. */
  transaction(writes: (write: Writer) => void): void;
  /**
   * Copies everything to a file, a piece at a time, as it was at one moment near the end. What is written meanwhile is in the copy
   * or not, whole transactions of it. INTERNAL for a backend that has no file.
   */
  copyTo(path: string): Promise<void>;
  close(): void;
}

export interface TableSpec {
  readonly name: string;
  readonly kind: 'keyValue' | 'window' | 'timeline';
  readonly key: 'text' | 'bytes';
  readonly value: 'text' | 'bytes';
}

export interface Row {
  readonly key: Encoded;
  /** Window start or time in ms; 0 in key-value tables. */
  readonly start: number;
  readonly value: Encoded;
  readonly timestamp: number;
}

export interface Table {
  readonly spec: TableSpec;
  get(key: Encoded, start: number): Row | undefined;
  /** Rows of a key, from <= start <= to, by start. */
  range(key: Encoded, from: number, to: number): Row[];
  /** Rows of all keys, from <= start <= to: by start, then key, bytewise. */
  between(from: number, to: number): Iterable<Row>;
  /** Key-value tables: rows of a range, by key, bytewise, or from the last to the first. */
  within(range: RowRange): Iterable<Row>;
  /** All rows: key-value tables by key, the others by start, then key; bytewise. */
  rows(): Iterable<Row>;
  isEmpty(): boolean;
}

export interface Writer {
  put(table: Table, key: Encoded, start: number, value: Encoded, timestamp: number): void;
  delete(table: Table, key: Encoded, start: number): void;
  /** Deletes every row whose start lies before; key-value tables keep theirs. */
  expire(table: Table, before: number): void;
  clear(table: Table): void;
  /** For bulk loads in any order: a put, or a delete when value is null, that no read sees before `settle`. Kept over a restart. */
  append(table: Table, key: Encoded, start: number, value: Encoded | null, timestamp: number): void;
  /** Makes what was appended visible; of several for one row the last counts. */
  settle(table: Table): void;
  meta(name: string, value: string): void;
}
