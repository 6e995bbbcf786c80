import type { Encoded } from '../dsl/codecs/codec.ts';
import { freeze } from '../dsl/freeze.ts';
import { type KeyRange, type RowRange, rightBehind } from '../dsl/keyRange.ts';
import type { AnyCell, StoreSpec } from '../dsl/node.ts';
import { MillraceError } from '../errors.ts';
import type { Row, Table } from './backend.ts';
import { closedTable } from './closedTable.ts';
import { compareEncoded } from './compareEncoded.ts';
import { type FoundRow, mergeRows } from './mergeRows.ts';
import { type CachedRow, isPending, PendingRows } from './pendingRows.ts';
import { RowGroups } from './rowGroups.ts';
import { SortedRows } from './sortedRows.ts';
import { type Identity, type StoreCodec, storeCodec, wellFormed } from './storeCodec.ts';

/** The rows of one window start; key-value stores have one segment, of start 0. */
export interface Segment {
  readonly start: number;
  readonly rows: Map<Identity, CachedRow>;
  /** The table has no row of this segment that is not here: a miss needs no read. */
  complete: boolean;
}

/**
 * The write-back cache of one store: rows as objects, over a table of bytes. Changed rows stay until they are written;
 * of the others about `limit` stay, those used last. A row is used in a generation; when the generation has
 * seen half the limit, what was not used in it goes.
 */
export class RowCache {
  readonly segments: Map<number, Segment> = new Map();
  readonly codec: StoreCodec;
  readonly pending: PendingRows;
  readonly #name: string;
  readonly #half: number;
  readonly #groups: RowGroups | undefined;
  /** Made when the first range is asked for. */
  #sorted: SortedRows | undefined;
  #table: Table;
  #generation = 0;
  #used = 0;
  #sweepAt: number;

  constructor(name: string, spec: StoreSpec, table: Table, limit: number) {
    this.codec = storeCodec(name, spec);
    this.pending = new PendingRows(this.codec);
    this.#name = name;
    this.#table = table;
    this.#half = Math.max(1, limit / 2);
    this.#groups = spec.group && new RowGroups(spec.group);
    this.#sweepAt = this.#half;
  }

  open(start: number, complete: boolean): Segment {
    const segment: Segment = { start, rows: new Map(), complete };
    this.segments.set(start, segment);
    return segment;
  }

  get(segment: Segment, key: unknown): AnyCell | undefined {
    const id = this.codec.identify(key);
    const row = segment.rows.get(id);
    if (row !== undefined) return this.#use(row).cell;
    return segment.complete ? undefined : this.#load(segment, key, id).cell;
  }

  put(segment: Segment, key: unknown, value: unknown, timestamp: number): void {
    if (value === null || value === undefined) throw this.#refuse('NULL_VALUE', 'a row needs a value');
    const id = this.codec.identify(key);
    const row = segment.rows.get(id);
    const cell = { value: freeze(value), timestamp };
    this.pending.change(row === undefined ? this.#insert(segment, key, id) : this.#use(row), cell, timestamp);
  }

  /** Only what may exist is deleted: a row known to be absent stays out of table and changelog. */
  delete(segment: Segment, key: unknown, timestamp: number): void {
    const id = this.codec.identify(key);
    const row = segment.rows.get(id);
    if (row === undefined ? segment.complete : row.cell === undefined) return;
    this.pending.change(row ?? this.#insert(segment, key, id), undefined, timestamp);
  }

  /** Rows of `segments`, by start and encoded key; of the key `only` or all; with those of the table as `stored` gives them. */
  scan(
    segments: Iterable<Segment>,
    only: unknown,
    stored: ((table: Table) => Iterable<Row>) | undefined,
  ): Generator<FoundRow> {
    const id = only === undefined ? undefined : this.codec.identify(only);
    const found: CachedRow[] = [];
    for (const { rows } of segments) {
      const candidates = id === undefined ? rows.values() : [rows.get(id)];
      for (const row of candidates) {
        if (row !== undefined && (stored === undefined || isPending(row))) found.push(row);
      }
    }
    found.sort((a, b) => a.start - b.start || compareEncoded(a.encoded, b.encoded));
    return mergeRows(found, stored?.(this.#table) ?? [], this.#cached, this.#read);
  }

  /** Rows of a range, of a store with one segment. */
  *scanRange(segment: Segment, range: RowRange): Generator<FoundRow> {
    this.#sorted ??= new SortedRows(segment.rows.values());
    let rest = {
      ...range,
      from: range.from && wellFormed(range.from),
      until: range.until && wellFormed(range.until),
    };
    if (segment.complete) {
      let last: Encoded | undefined;
      for (const { key, start, cell, encoded } of this.#sorted.within(rest)) {
        if (!segment.complete) break;
        last = encoded;
        if (cell !== undefined) yield { key, start, cell };
      }
      if (segment.complete || last === undefined) return;
      // Whoever asks has had rows let go of meanwhile: the table has them.
      rest = range.reverse ? { ...rest, until: last } : { ...rest, from: rightBehind(last) };
    }
    const pending = pendingOf(this.#sorted.within(rest));
    yield* mergeRows(pending, this.#table.within(rest), this.#cached, this.#read, range.reverse);
  }

  /** Rows of a group, by encoded key. */
  scanGroup(segment: Segment, { from, until }: KeyRange): Generator<FoundRow> {
    const range = { from: wellFormed(from), until: wellFormed(until) };
    const cached = this.#groups?.get(range);
    if (cached === undefined) throw new MillraceError('INTERNAL', `store ${this.#name} has no groups`);
    const found = cached.filter((row) => segment.complete || isPending(row));
    found.sort((a, b) => compareEncoded(a.encoded, b.encoded));
    return mergeRows(found, segment.complete ? [] : this.#table.within(range), this.#cached, this.#read);
  }

  /** Forgets all rows; whoever still reads is told. */
  close(): void {
    this.#table = closedTable(this.#table);
    for (const segment of this.segments.values()) {
      segment.rows.clear();
      segment.complete = false;
    }
    this.#groups?.clear();
    this.#sorted?.clear();
  }

  #load(segment: Segment, key: unknown, id: Identity): CachedRow {
    const row = this.#insert(segment, key, id);
    const stored = this.#table.get(row.encoded, segment.start);
    if (stored !== undefined) row.cell = this.#cellOf(stored);
    return row;
  }

  #insert(segment: Segment, key: unknown, id: Identity): CachedRow {
    if (key === null || key === undefined) throw this.#refuse('NULL_KEY', 'a row needs a key');
    const row: CachedRow = {
      id,
      key: freeze(key),
      encoded: this.codec.encodeKey(key),
      start: segment.start,
      cell: undefined,
      changedAt: 0,
      dirty: false,
      unwritten: 0,
      stored: !segment.complete,
      generation: -1,
    };
    segment.rows.set(id, row);
    this.#groups?.add(row);
    this.#sorted?.add(row);
    return this.#use(row);
  }

  #use(row: CachedRow): CachedRow {
    if (row.generation === this.#generation) return row;
    row.generation = this.#generation;
    if (++this.#used > this.#sweepAt) this.#sweep();
    return row;
  }

  /** Lets go of the rows that this generation did not use and starts the next. */
  #sweep(): void {
    let pending = 0;
    for (const segment of this.segments.values()) {
      for (const row of segment.rows.values()) {
        if (isPending(row)) pending++;
        else if (row.generation !== this.#generation) this.#evict(segment, row);
      }
    }
    this.#generation++;
    this.#used = 0;
    // Rows that may not go must not make the next sweep come at once.
    this.#sweepAt = Math.max(this.#half, pending);
  }

  #evict(segment: Segment, row: CachedRow): void {
    segment.rows.delete(row.id);
    this.#groups?.delete(row);
    this.#sorted?.delete(row);
    if (row.cell !== undefined) segment.complete = false;
  }

  readonly #cached = (row: Row): CachedRow | undefined => {
    return this.segments.get(row.start)?.rows.get(this.codec.identifyEncoded(row.key));
  };

  readonly #read = (row: Row): FoundRow => {
    return { key: freeze(this.codec.decodeKey(row.key)), start: row.start, cell: this.#cellOf(row) };
  };

  #cellOf({ value, timestamp }: Row): AnyCell {
    return { value: freeze(this.codec.decodeValue(value)), timestamp };
  }

  #refuse(code: 'NULL_KEY' | 'NULL_VALUE', what: string): MillraceError {
    return new MillraceError(code, `${what} in store ${this.#name}`, {
      step: this.#name,
      found: 'null or undefined',
      next: 'Use delete to remove a row; leave records without a key out before they reach a step that keeps state.',
    });
  }
}

function* pendingOf(rows: Iterable<CachedRow>): Generator<CachedRow> {
  for (const row of rows) if (isPending(row)) yield row;
}
