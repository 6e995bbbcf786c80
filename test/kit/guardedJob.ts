import type { AppOptions, NewTopic, TopicCodecs } from '../../src/index.ts';
import { aggregate, count, json, keyBy, type NewRecord, stream, text, to } from '../../src/index.ts';

interface Order {
  readonly user: string;
  readonly item: string;
}

/** A job whose output tells of every record that was lost, doubled or taken in twice, and what it has to put out. */
export interface GuardedJob {
  readonly sinks: AppOptions['sinks'];
  readonly topics: readonly NewTopic[];
  readonly orders: string;
  /** Written by the task that reads the orders. */
  readonly numbers: string;
  /** Written by a task behind a repartition topic. */
  readonly items: string;
  /** What an application of this id has read to its end when it has done everything. */
  crossing(id: string): readonly string[];
}

export const orderCodecs: TopicCodecs<string, Order> = { key: text, value: json<Order>() };
export const numberCodecs: TopicCodecs<string, number> = { key: text, value: json<number>() };

/** Each user's orders are numbered, and each item's: a gap is a lost record, a repeated number a doubled one. */
export function guardedJob(prefix: string = ''): GuardedJob {
  const [orders, numbers, items] = [`${prefix}orders`, `${prefix}numbers`, `${prefix}items`];
  const source = stream(orders, orderCodecs);
  const numbered = source.pipe(
    aggregate(
      () => 0,
      (number) => number + 1,
      'numbers',
    ),
    to(numbers),
  );
  const counted = source.pipe(
    keyBy((order) => order.item),
    count('items'),
    to(items),
  );
  return {
    sinks: [numbered, counted],
    // The orders are of 1970: a broker would soon throw them away.
    topics: [orders, numbers, items].map((topic) => ({
      topic,
      partitions: 3,
      config: { 'retention.ms': '-1' },
    })),
    orders,
    numbers,
    items,
    crossing: (id) => [orders, `${id}-items-repartition`],
  };
}

const userOf = (index: number): string => `user-${index % 17}`;
const itemOf = (index: number): string => `item-${index % 5}`;

/** The orders from one index to before another; the time of each is its index. */
export function ordersFrom(from: number, before: number): NewRecord<string, Order>[] {
  return Array.from({ length: before - from }, (_, offset) => {
    const index = from + offset;
    return { key: userOf(index), value: { user: userOf(index), item: itemOf(index) }, timestamp: index };
  });
}

/** The last number of each key after so many orders. */
export function expectedNumbers(total: number): Map<string, number> {
  const last = new Map<string, number>();
  for (let index = 0; index < total; index++) {
    for (const key of [userOf(index), itemOf(index)]) last.set(key, (last.get(key) ?? 0) + 1);
  }
  return last;
}

export interface Numbered {
  readonly key: string | null;
  readonly value: number | null;
}

/** What both output topics hold, by key and in order. */
export function numbersByKey(records: Iterable<Numbered>): Map<string, number[]> {
  const byKey = new Map<string, number[]>();
  for (const { key, value } of records) {
    const numbers = byKey.get(key!);
    if (numbers === undefined) byKey.set(key!, [value!]);
    else numbers.push(value!);
  }
  return byKey;
}

/**
 * The keys for which a run that took in `total` orders broke its guarantee, each with the first thing that is wrong. Under
 * exactly-once the numbers of a key are 1 to n in this order; under at-least-once some may come again, but none is missing.
 */
export function brokenGuarantee(
  guarantee: 'exactly-once' | 'at-least-once',
  total: number,
  found: ReadonlyMap<string, readonly number[]>,
): string[] {
  const expected = expectedNumbers(total);
  const broken: string[] = [];
  for (const key of found.keys()) if (!expected.has(key)) broken.push(`${key}: not in the input`);
  for (const [key, last] of expected) {
    const numbers = found.get(key) ?? [];
    const wrong = guarantee === 'exactly-once' ? notOneTo(last, numbers) : missingOneTo(last, numbers);
    if (wrong !== undefined) broken.push(`${key}: ${wrong}`);
  }
  return broken;
}

function notOneTo(last: number, numbers: readonly number[]): string | undefined {
  const at = numbers.findIndex((number, index) => number !== index + 1);
  if (at >= 0)
    return `${numbers[at]} follows ${at === 0 ? 'nothing' : numbers[at - 1]}, of ${numbers.length}`;
  return numbers.length === last ? undefined : `${numbers.length} numbers, not ${last}`;
}

function missingOneTo(last: number, numbers: readonly number[]): string | undefined {
  const seen = new Set(numbers);
  for (let number = 1; number <= last; number++) if (!seen.has(number)) return `no ${number} of ${last}`;
  return undefined;
}
