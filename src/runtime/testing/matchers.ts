import { inspect } from 'node:util';
import type { Message } from '../../dsl/message.ts';
import type { DropReason } from '../../dsl/node.ts';
import type { StoreRow } from '../storeRows.ts';
import type { Drop } from '../task/rejects.ts';

/** A record as it should be: what is left out may be anything. */
export type ExpectedRecord = Partial<Message<unknown, unknown>>;

/** A row as it should be: what is left out may be anything. */
export interface ExpectedRow {
  readonly key: unknown;
  readonly value?: unknown;
  readonly timestamp?: number;
}

/** What drive() and driveCluster() have in common. */
export interface Driven {
  read(topic: string): readonly Message<unknown, unknown>[] | Promise<readonly Message<unknown, unknown>[]>;
  store(name: string): readonly StoreRow[];
  readonly drops: readonly Drop[];
}

/** What a matcher finds: the sides of the comparison, and how they are told. */
export interface Finding {
  readonly what: string;
  readonly found: unknown;
  readonly expected: unknown;
}

/**
 * Takes what a topic has got since it was last read. On one partition the order is that of the list; on several, that of each key:
 * between keys there is none.
 */
export function emitted(
  records: readonly Message<unknown, unknown>[],
  expected: readonly ExpectedRecord[],
  topic: string,
  ordered: boolean,
): Finding {
  const of = <T extends ExpectedRecord>(all: readonly T[]): readonly T[] =>
    ordered ? all : sortedByKey(all);
  const wanted = of(expected);
  const found = of(records).map((record, index) => alike(record, wanted[index]));
  return { what: `what was written to ${topic}`, found, expected: wanted };
}

export function rows(found: readonly StoreRow[], expected: readonly ExpectedRow[], store: string): Finding {
  const wanted = sortedByKey(expected);
  const all = sortedByKey(found.map(([key, { value, timestamp }]) => ({ key, value, timestamp })));
  return {
    what: `the rows of ${store}`,
    found: all.map((row, index) => alike(row, wanted[index])),
    expected: wanted,
  };
}

/** Without a number: at least one. */
export function dropped(drops: readonly Drop[], reason: DropReason, times: number | undefined): Finding {
  const found = drops.filter((drop) => drop.reason === reason).length;
  return { what: `records dropped as '${reason}'`, found, expected: times ?? Math.max(1, found) };
}

/** With the fields alone that are expected of it. */
function alike<T extends object>(found: T, expected: object | undefined): Partial<T> {
  if (expected === undefined) return found;
  return Object.fromEntries(Object.entries(found).filter(([name]) => name in expected)) as Partial<T>;
}

/** Those of one key stay in their order. */
function sortedByKey<T extends { readonly key?: unknown }>(all: readonly T[]): readonly T[] {
  const keyed = all.map((one) => ({ one, key: inspect(one.key, { depth: null }) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ one }) => one);
}
