import { freeze } from '../dsl/freeze.ts';
import type { StoreSpec } from '../dsl/node.ts';
import type { Row, Table } from './backend.ts';
import { closedTable } from './closedTable.ts';
import { compareEncoded } from './compareEncoded.ts';
import { findStart } from './findStart.ts';
import { type FoundRow, mergeRows } from './mergeRows.ts';
import { type CachedRow, isPending, PendingRows } from './pendingRows.ts';
import { type Identity, type StoreCodec, storeCodec } from './storeCodec.ts';

/** The rows of one key, all that table and memory have of it, by start. */
export interface Timeline {
  readonly id: Identity;
  readonly key: unknown;
  readonly encoded: CachedRow['encoded'];
  readonly rows: CachedRow[];
  /** When it was last used, in sweeps. */
  generation: number;
}

/** Into how many spans of time the retention is cut: what is expired goes when the span that it lies in has. */
const spans = 16;

/**
 * The write-back cache of a timeline store: whole keys as sorted arrays, over a table of bytes. Of the keys that have no
 * changes to be written those used last stay, about `limit` rows of them.
 */
export class Timelines {
  readonly codec: StoreCodec;
  readonly pending: PendingRows;
  readonly #half: number;
  readonly #span: number;
  readonly #byKey = new Map<Identity, Timeline>();
  /** By span of time, the keys that have rows in it. */
  readonly #bySpan = new Map<number, Set<Timeline>>();
  /** Rows that were deleted: they stay until the table has forgotten them too. */
  #deleted: CachedRow[] = [];
  #table: Table;
  /** The table has nothing that is not here. */
  #complete: boolean;
  #generation = 0;
  #used = 0;
  #sweepAt: number;

  constructor(name: string, spec: StoreSpec, table: Table, limit: number) {
    this.codec = storeCodec(name, spec);
    this.pending = new PendingRows(this.codec);
    this.#table = table;
    this.#complete = table.isEmpty();
    this.#half = Math.max(1, limit / 2);
    this.#sweepAt = this.#half;
    const { retention = Number.POSITIVE_INFINITY } = spec;
    this.#span = Number.isFinite(retention)
      ? Math.max(1, Math.ceil(retention / spans))
      : Number.MAX_SAFE_INTEGER;
  }

  /** The rows of a key; those of the table that start after `expired` are read when it is not known. */
  of(key: unknown, expired: number): Timeline {
    const id = this.codec.identify(key);
    const known = this.#byKey.get(id);
    if (known !== undefined) return this.#use(known);
    const encoded = this.codec.encodeKey(key);
    const timeline: Timeline = { id, key: freeze(key), encoded, rows: [], generation: -1 };
    if (!this.#complete) {
      for (const row of this.#table.range(encoded, expired + 1, Number.MAX_SAFE_INTEGER)) {
        this.#add(
          timeline,
          { ...this.#newRow(timeline, row.start), ...this.#cellOf(row) },
          timeline.rows.length,
        );
      }
    }
    this.#byKey.set(id, timeline);
    return this.#use(timeline);
  }

  put(timeline: Timeline, start: number, value: unknown, timestamp: number): void {
    const { rows } = timeline;
    const at = findStart(rows, start);
    let row = rows[at];
    if (row?.start !== start) {
      row = this.#newRow(timeline, start);
      this.#add(timeline, row, at);
      this.#count(1);
    }
    this.pending.change(row, { value: freeze(value), timestamp }, timestamp);
  }

  delete(timeline: Timeline, start: number, timestamp: number): void {
    const row = timeline.rows[findStart(timeline.rows, start)];
    if (row?.start !== start || row.cell === undefined) return;
    this.pending.change(row, undefined, timestamp);
    this.#deleted.push(row);
  }

  /** Rows of all keys with from <= start <= to, by start and encoded key. */
  between(from: number, to: number): Generator<FoundRow> {
    const found: CachedRow[] = [];
    for (const timeline of this.#within(from, to)) {
      const { rows } = timeline;
      for (let at = findStart(rows, from); at < rows.length && rows[at]!.start <= to; at++) {
        if (this.#complete || isPending(rows[at]!)) found.push(rows[at]!);
      }
    }
    found.sort((a, b) => a.start - b.start || compareEncoded(a.encoded, b.encoded));
    return mergeRows(found, this.#complete ? [] : this.#table.between(from, to), this.#cached, this.#read);
  }

  /** Lets go of rows that start at `expired` or earlier, a span of time at once, and of those that were deleted. */
  forget(expired: number): void {
    for (const [span, timelines] of this.#bySpan) {
      if ((span + 1) * this.#span > expired) continue;
      for (const timeline of timelines) this.#trim(timeline, expired);
      this.#bySpan.delete(span);
    }
    const gone = this.#deleted.filter((row) => row.cell === undefined && !isPending(row));
    if (gone.length === 0) return;
    this.#deleted = this.#deleted.filter((row) => row.cell === undefined && isPending(row));
    for (const row of gone) {
      const rows = this.#byKey.get(row.id)?.rows ?? [];
      const at = findStart(rows, row.start);
      if (rows[at] === row) rows.splice(at, 1);
    }
  }

  /** Forgets all rows; whoever still reads is told. */
  close(): void {
    this.#table = closedTable(this.#table);
    this.#byKey.clear();
    this.#bySpan.clear();
    this.#complete = false;
  }

  #newRow({ id, key, encoded }: Timeline, start: number): CachedRow {
    return {
      id,
      key,
      encoded,
      start,
      cell: undefined,
      changedAt: 0,
      dirty: false,
      unwritten: 0,
      stored: false,
      generation: 0,
    };
  }

  #add(timeline: Timeline, row: CachedRow, at: number): void {
    if (at === timeline.rows.length) timeline.rows.push(row);
    else timeline.rows.splice(at, 0, row);
    const span = Math.floor(row.start / this.#span);
    const known = this.#bySpan.get(span);
    if (known === undefined) this.#bySpan.set(span, new Set([timeline]));
    else known.add(timeline);
  }

  #within(from: number, to: number): Set<Timeline> {
    const found = new Set<Timeline>();
    for (const [span, timelines] of this.#bySpan) {
      if ((span + 1) * this.#span <= from || span * this.#span > to) continue;
      for (const timeline of timelines) found.add(timeline);
    }
    return found;
  }

  #trim(timeline: Timeline, expired: number): void {
    const { id, rows } = timeline;
    rows.splice(0, findStart(rows, expired + 1));
    // Not what the key has now: a span of time knows keys as they were, too.
    if (rows.length === 0 && this.#byKey.get(id) === timeline) this.#byKey.delete(id);
  }

  #use(timeline: Timeline): Timeline {
    if (timeline.generation === this.#generation) return timeline;
    timeline.generation = this.#generation;
    this.#count(timeline.rows.length + 1);
    return timeline;
  }

  #count(rows: number): void {
    this.#used += rows;
    if (this.#used > this.#sweepAt) this.#sweep();
  }

  /** Lets go of the keys that this generation did not use and starts the next. */
  #sweep(): void {
    let kept = 0;
    for (const timeline of this.#byKey.values()) {
      const unused = timeline.generation !== this.#generation;
      if (unused && !timeline.rows.some(isPending)) this.#evict(timeline);
      else kept += unused ? timeline.rows.length : 0;
    }
    this.#generation++;
    this.#used = 0;
    // What may not go must not make the next sweep come at once.
    this.#sweepAt = Math.max(this.#half, kept);
  }

  #evict(timeline: Timeline): void {
    this.#byKey.delete(timeline.id);
    for (const row of timeline.rows) {
      this.#bySpan.get(Math.floor(row.start / this.#span))?.delete(timeline);
      if (row.cell !== undefined) this.#complete = false;
    }
  }

  readonly #cached = (row: Row): CachedRow | undefined => {
    const rows = this.#byKey.get(this.codec.identifyEncoded(row.key))?.rows ?? [];
    const found = rows[findStart(rows, row.start)];
    return found?.start === row.start ? found : undefined;
  };

  readonly #read = (row: Row): FoundRow => {
    const { cell } = this.#cellOf(row);
    return { key: freeze(this.codec.decodeKey(row.key)), start: row.start, cell };
  };

  #cellOf({ value, timestamp }: Row): { readonly cell: FoundRow['cell']; readonly stored: true } {
    return { cell: { value: freeze(this.codec.decodeValue(value)), timestamp }, stored: true };
  }
}
