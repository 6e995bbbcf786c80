import type { AnyCell, Encoded } from '../dsl/node.ts';
import type { Identity, StoreCodec } from './storeCodec.ts';

/** A row in memory. Its cell is replaced, never changed: what was handed out or sealed stays as it was. */
export interface CachedRow {
  readonly id: Identity;
  readonly key: unknown;
  readonly encoded: Encoded;
  readonly start: number;
  /** undefined: there is no such row. */
  cell: AnyCell | undefined;
  /** Timestamp of the put or delete that made the cell. */
  changedAt: number;
  /** Changed since the last seal. */
  dirty: boolean;
  /** Sealed changes of this row that the table does not have yet. */
  unwritten: number;
  /** Table or changelog may have it: that it is deleted has to be said. */
  stored: boolean;
  /** When it was last used, in sweeps. */
  generation: number;
}

/** A change on its way to the changelog and the table. */
export interface SealedRow {
  readonly row: CachedRow;
  /** null: deleted. */
  readonly value: Encoded | null;
  readonly timestamp: number;
}

/** The rows of one store that its table does not have yet as they are. */
export class PendingRows {
  readonly #codec: StoreCodec;
  #dirty: CachedRow[] = [];

  constructor(codec: StoreCodec) {
    this.#codec = codec;
  }

  /** Rows changed since the last seal. */
  get count(): number {
    return this.#dirty.length;
  }

  change(row: CachedRow, cell: AnyCell | undefined, timestamp: number): void {
    row.cell = cell;
    row.changedAt = timestamp;
    if (row.dirty) return;
    row.dirty = true;
    this.#dirty.push(row);
  }

  /**
   * What changed since the last seal in rows that start after `expired`, encoded. Nothing is marked yet: when a value
   * cannot be encoded all is as before. Rows that came and went in between leave no trace, but for the one that tells how far
   * time has come: a store that is built anew from its changelog has to know.
   */
  changes(expired: number, largestStart: number): SealedRow[] {
    const changed = this.#dirty.filter(
      (row) => row.start > expired && (row.cell !== undefined || row.stored || row.start === largestStart),
    );
    return changed.map((row) => ({
      row,
      value: row.cell === undefined ? null : this.#codec.encodeValue(row.cell.value),
      timestamp: row.changedAt,
    }));
  }

  /** The changes are on their way; what is put from now on is the next seal's. */
  sealed(changes: readonly SealedRow[]): void {
    for (const row of this.#dirty) row.dirty = false;
    for (const { row } of changes) {
      row.unwritten++;
      row.stored = true;
    }
    this.#dirty = [];
  }

  /** The table has the changes. */
  written(changes: readonly SealedRow[]): void {
    for (const { row } of changes) row.unwritten--;
  }
}

export function isPending(row: CachedRow): boolean {
  return row.dirty || row.unwritten > 0;
}
