import type { Encoded } from '../dsl/node.ts';
import type { Writer } from './backend.ts';
import { changelogKey } from './changelog.ts';
import { isAging, type OpenStore } from './openStore.ts';
import type { SealedRow } from './pendingRows.ts';
import { writeLargestStart } from './storedMeta.ts';

/** Changes on their way: to the changelog first, and to the tables when the log has committed. */
export interface Sealed {
  readonly rows: number;
  /** Each changed row once, encoded: what goes to the changelog. `key` is that of the changelog; value null: deleted. */
  forEachChange(visit: VisitChange): void;
  /**
   * After the log has committed: rows, expiry and meta in one transaction. Names that `meta` lacks keep their value.
   * When it fails nothing is written, and it may be called again.
   */
  write(meta: ReadonlyMap<string, string>): void;
}

export type VisitChange = (store: string, key: Encoded, value: Encoded | null, timestamp: number) => void;

/** What one store contributes to a seal. */
export interface SealedStore {
  readonly store: OpenStore;
  readonly changes: SealedRow[];
  /** Stores whose rows expire: how far they had come. */
  readonly largestStart: number;
  readonly expired: number;
}

/** Takes the changes of all stores, or of none when one of them cannot be encoded. */
export function sealStores(stores: readonly OpenStore[]): SealedStore[] {
  const sealed = stores.map((store) => {
    const { pending, store: rows } = store;
    const largestStart = isAging(rows) ? rows.largestStart : Number.NEGATIVE_INFINITY;
    const expired = isAging(rows) ? rows.expired : Number.NEGATIVE_INFINITY;
    return { store, changes: pending.changes(expired, largestStart), largestStart, expired };
  });
  for (const { store, changes } of sealed) {
    store.pending.sealed(changes);
    if (isAging(store.store)) store.store.forgetExpired();
  }
  return sealed;
}

export function visitChanges(stores: readonly SealedStore[], visit: VisitChange): void {
  for (const { store, changes } of stores) {
    for (const { row, value, timestamp } of changes) {
      visit(store.name, changelogKey(store.spec, row.encoded, row.start), value, timestamp);
    }
  }
}

export function writeStore({ store, changes, largestStart, expired }: SealedStore, write: Writer): void {
  const { name, table } = store;
  for (const { row, value, timestamp } of changes.sort(store.spec.kind === 'timeline' ? byKey : byStart)) {
    if (value === null) write.delete(table, row.encoded, row.start);
    else write.put(table, row.encoded, row.start, value, timestamp);
  }
  if (expired > Number.NEGATIVE_INFINITY) write.expire(table, expired + 1);
  writeLargestStart(write, name, largestStart);
}

/** Neighbours in the table are written together: each page is looked up and changed once. Near enough for text is enough. */
function byStart(a: SealedRow, b: SealedRow): number {
  return a.row.start - b.row.start || compareNearly(a.row.encoded, b.row.encoded);
}

function byKey(a: SealedRow, b: SealedRow): number {
  return compareNearly(a.row.encoded, b.row.encoded) || a.row.start - b.row.start;
}

function compareNearly(a: Encoded, b: Encoded): number {
  if (typeof a === 'string') return a < (b as string) ? -1 : a === b ? 0 : 1;
  return Buffer.compare(a, b as Buffer);
}
