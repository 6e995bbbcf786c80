import type { KeyRange } from '../dsl/keyRange.ts';
import type { StoreSpec } from '../dsl/node.ts';
import type { CachedRow } from './pendingRows.ts';
import { type Identity, identityOf, wellFormed } from './storeCodec.ts';

/** The rows in memory of a store with groups, by group. */
export class RowGroups {
  readonly #groupOf: NonNullable<StoreSpec['group']>;
  readonly #groups = new Map<Identity, Set<CachedRow>>();

  constructor(groupOf: NonNullable<StoreSpec['group']>) {
    this.#groupOf = groupOf;
  }

  get(range: KeyRange): CachedRow[] {
    return [...(this.#groups.get(identify(range)) ?? [])];
  }

  add(row: CachedRow): void {
    const id = identify(this.#groupOf(row.key));
    const rows = this.#groups.get(id);
    if (rows === undefined) this.#groups.set(id, new Set([row]));
    else rows.add(row);
  }

  delete(row: CachedRow): void {
    const id = identify(this.#groupOf(row.key));
    const rows = this.#groups.get(id);
    rows?.delete(row);
    if (rows?.size === 0) this.#groups.delete(id);
  }

  clear(): void {
    this.#groups.clear();
  }
}

const identify = ({ from }: KeyRange): Identity => identityOf(wellFormed(from));
