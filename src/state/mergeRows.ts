import type { AnyCell } from '../dsl/node.ts';
import type { Row } from './backend.ts';
import { compareEncoded } from './compareEncoded.ts';
import type { CachedRow } from './pendingRows.ts';

/** A row as a scan finds it, in memory or in the table. */
export interface FoundRow {
  readonly key: unknown;
  readonly start: number;
  readonly cell: AnyCell;
}

/**
 * Walks the rows of a table and those in memory that it does not have yet, both in order of start and encoded key, or both
 * from the last to the first. Where memory has a row its cell counts, be it that the row is deleted.
 */
export function* mergeRows(
  pending: Iterable<CachedRow>,
  stored: Iterable<Row>,
  cached: (row: Row) => CachedRow | undefined,
  read: (row: Row) => FoundRow,
  reverse = false,
): Generator<FoundRow> {
  const order = reverse ? -1 : 1;
  const waiting = pending[Symbol.iterator]();
  let next = waiting.next().value;
  for (const row of stored) {
    for (; next !== undefined && order * compareRows(next, row) < 0; next = waiting.next().value)
      yield* present(next);
    if (next !== undefined && compareRows(next, row) === 0) next = waiting.next().value;
    const known = cached(row);
    if (known === undefined) yield read(row);
    else yield* present(known);
  }
  for (; next !== undefined; next = waiting.next().value) yield* present(next);
}

function* present({ key, start, cell }: CachedRow): Generator<FoundRow> {
  if (cell !== undefined) yield { key, start, cell };
}

/** By start, then bytewise by key: the order of rows in a table. */
function compareRows(a: Pick<CachedRow, 'start' | 'encoded'>, b: Row): number {
  return a.start - b.start || compareEncoded(a.encoded, b.key);
}
