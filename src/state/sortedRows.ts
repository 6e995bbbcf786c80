import type { Encoded } from '../dsl/codecs/codec.ts';
import { type RowRange, rightBehind } from '../dsl/keyRange.ts';
import { compareEncoded } from './compareEncoded.ts';
import type { CachedRow } from './pendingRows.ts';

/** Rows in one piece at most: few enough to move when one comes in between. */
const most = 1024;

/** The rows in memory of a store that is asked for ranges, by encoded key, in pieces none of which is empty. */
export class SortedRows {
  readonly #pieces: CachedRow[][] = [];

  constructor(rows: Iterable<CachedRow>) {
    const sorted = [...rows].sort((a, b) => compareEncoded(a.encoded, b.encoded));
    for (let from = 0; from < sorted.length; from += most / 2)
      this.#pieces.push(sorted.slice(from, from + most / 2));
  }

  /** A row whose key is in none of the others. */
  add(row: CachedRow): void {
    if (this.#pieces.length === 0) {
      this.#pieces.push([row]);
      return;
    }
    const index = Math.min(this.#pieceOf(row.encoded), this.#pieces.length - 1);
    const piece = this.#pieces[index]!;
    piece.splice(placeOf(piece, row.encoded), 0, row);
    if (piece.length > most) this.#pieces.splice(index, 1, piece.slice(0, most / 2), piece.slice(most / 2));
  }

  delete(row: CachedRow): void {
    const index = this.#pieceOf(row.encoded);
    const piece = this.#pieces[index]!;
    piece.splice(placeOf(piece, row.encoded), 1);
    if (piece.length === 0) this.#pieces.splice(index, 1);
  }

  clear(): void {
    this.#pieces.length = 0;
  }

  /** Rows are found a piece at a time, so they may come and go meanwhile. */
  *within({ from, until, reverse = false }: RowRange): Generator<CachedRow> {
    let lower = from;
    let upper = until;
    for (;;) {
      const found = reverse ? this.#lastBefore(lower, upper) : this.#firstFrom(lower, upper);
      if (found.length === 0) return;
      yield* found;
      const last = found.at(-1)!.encoded;
      if (reverse) upper = last;
      else lower = rightBehind(last);
    }
  }

  #firstFrom(lower: Encoded | undefined, upper: Encoded | undefined): CachedRow[] {
    const index = lower === undefined ? 0 : this.#pieceOf(lower);
    const piece = this.#pieces[index];
    if (piece === undefined) return [];
    const start = lower === undefined ? 0 : placeOf(piece, lower);
    return piece.slice(start, upper === undefined ? piece.length : placeOf(piece, upper));
  }

  #lastBefore(lower: Encoded | undefined, upper: Encoded | undefined): CachedRow[] {
    let index = upper === undefined ? this.#pieces.length - 1 : this.#pieceOf(upper);
    // All of that piece may lie behind the end.
    if (index === this.#pieces.length || (upper !== undefined && placeOf(this.#pieces[index]!, upper) === 0))
      index--;
    const piece = this.#pieces[index];
    if (piece === undefined) return [];
    const start = lower === undefined ? 0 : placeOf(piece, lower);
    return piece.slice(start, upper === undefined ? piece.length : placeOf(piece, upper)).reverse();
  }

  /** The first piece whose last row is this key or behind it; their number if there is none. */
  #pieceOf(key: Encoded): number {
    return least(
      this.#pieces.length,
      (index) => compareEncoded(this.#pieces[index]!.at(-1)!.encoded, key) >= 0,
    );
  }
}

/** The first row that is this key or behind it. */
const placeOf = (piece: readonly CachedRow[], key: Encoded): number =>
  least(piece.length, (index) => compareEncoded(piece[index]!.encoded, key) >= 0);

/** The least number for which `holds`, as it does for all behind it; `to` if for none before. */
function least(to: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
