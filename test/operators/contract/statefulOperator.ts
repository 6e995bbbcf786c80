import {
  int64,
  nullable,
  type Sink,
  type Stream,
  stream,
  type Table,
  table,
  text,
} from '../../../src/index.ts';
import type { Drop } from '../../../src/runtime/task/rejects.ts';

export type Topic = 'left' | 'right';

/** What becomes of a record: it is given up for a reason, or it is not. */
export type Fate = Drop['reason'] | 'taken in';

/** An operator that keeps state, in a topology, and what it promises. */
export interface StatefulOperator {
  readonly name: string;
  /** What of src/index.ts it shows to be stateful. */
  readonly shows: readonly string[];
  /** Reads 'left', or 'left' and 'right', and writes 'out'. */
  readonly sink: Sink;
  /** What becomes of records without a key, and of those without a value. */
  readonly nulls: { readonly [T in Topic]?: readonly [key: Fate, value: Fate] };
  /** Final results are those of ordered records where no record comes later than this many ms. Absent, or 0: order counts. */
  readonly late?: number;
  /**
   * What is final: each record that was written, in any order; or the rows of the stores, and the last record of each key; or of
   * these the values alone.
   */
  readonly final?: 'records' | 'rows' | 'values';
  /** Writes one change per key and commit: the last of each key is what it is whenever commits are. */
  readonly perCommit?: true;
  /** Goes by the wall clock, or reads what is outside of its task: what a crash has undone may be done otherwise. */
  readonly outside?: true;
  /** Rows that all its stores have together, so many keys in each topic, when stream time has gone far on. */
  readonly mostRows: (keys: number) => number;
}

const codecs = { key: nullable(text), value: nullable(int64) };
const rowCodecs = { key: text, value: int64 };

/** Keys are texts and values numbers, and either may be missing. */
export const left: Stream<string | null, number | null> = stream('left', codecs);
export const right: Stream<string | null, number | null> = stream('right', codecs);
export const leftRows: Table<string, number> = table('left', { ...rowCodecs, name: 'left-rows' });
export const rightRows: Table<string, number> = table('right', { ...rowCodecs, name: 'right-rows' });

export const plus = (a: number, b: number | null): number => a + (b ?? 0);
export const minus = (a: number, b: number): number => a - b;
export const pair = (a: unknown, b: unknown): string => `${a}+${b}`;
