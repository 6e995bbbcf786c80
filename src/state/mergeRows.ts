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
 * Walks the rows of a table and those in memory that it does not have yet, both in order of start and encoded key.
 * Where memory has a row its cell counts, be it that the row is deleted.
 */
export function* mergeRows(
  pending: readonly CachedRow[],
  stored: Iterable<Row>,
  cached: (row: Row) => CachedRow | undefined,
  read: (row: Row) => FoundRow,
): Generator<FoundRow> {
  let next = 0;
  for (const row of stored) {
    for (; next < pending.length && compareRows(pending[next]!, row) < 0; next++)
      yield* present(pending[next]!);
    if (next < pending.length && compareRows(pending[next]!, row) === 0) next++;
    const known = cached(row);
    if (known === undefined) yield read(row);
    else yield* present(known);
  }
  for (; next < pending.length; next++) yield* present(pending[next]!);
}

function* present({ key, start, cell }: CachedRow): Generator<FoundRow> {
  if (cell !== undefined) yield { key, start, cell };
}

/** By start, then bytewise by key: the order of rows in a table. */
function compareRows(a: Pick<CachedRow, 'start' | 'encoded'>, b: Row): number {
  return a.start - b.start || compareEncoded(a.encoded, b.key);
}
