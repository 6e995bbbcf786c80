import type { Message, WindowKey } from '../../../src/index.ts';
import type { Input } from '../contract/trial.ts';

/** Results as text, sorted. What is expected is said without stream time: no record of the six weeks is too late. */
export type Results = readonly string[];
type Out = readonly Message<unknown, unknown>[];

const inWindow = ({ key, start, end }: WindowKey<unknown>, value: unknown): string =>
  `${key} ${start} ${end}: ${value}`;

/** The last row of each window that is there. */
export function lastRows(out: Out): Results {
  const last = new Map(out.map((message) => [JSON.stringify(message.key), message]));
  return allRows([...last.values()].filter(({ value }) => value !== null));
}

export const allRows = (out: Out): Results =>
  out.map(({ key, value }) => inWindow(key as WindowKey<unknown>, value)).sort();

export const allRecords = (out: Out): Results =>
  out.map(({ key, value, timestamp }) => `${key} ${timestamp}: ${value}`).sort();

export const of = (inputs: readonly Input[], topic: Input['topic']): readonly Input[] =>
  inputs.filter((input) => input.topic === topic).sort((a, b) => a.timestamp - b.timestamp);

function byKey(inputs: readonly Input[]): Map<string, Input[]> {
  return Map.groupBy(of(inputs, 'left'), ({ key }) => key!);
}

/** Counts of windows that have ended by `until`. */
export function alignedCounts(
  inputs: readonly Input[],
  size: number,
  advance: number,
  until: number = Number.POSITIVE_INFINITY,
): Results {
  const counts = new Map<string, number>();
  for (const { key, timestamp } of of(inputs, 'left')) {
    const last = Math.floor(timestamp / advance) * advance;
    for (let start = last; start > timestamp - size; start -= advance) {
      if (start + size > until) continue;
      const window = inWindow({ key, start, end: start + size }, '');
      counts.set(window, (counts.get(window) ?? 0) + 1);
    }
  }
  return [...counts].map(([window, count]) => `${window}${count}`).sort();
}

export function sessionCounts(inputs: readonly Input[], gap: number): Results {
  const results: string[] = [];
  for (const [key, records] of byKey(inputs)) {
    let first = 0;
    for (const [index, { timestamp: end }] of records.entries()) {
      if (records[index + 1] !== undefined && records[index + 1]!.timestamp - end <= gap) continue;
      results.push(inWindow({ key, start: records[first]!.timestamp, end }, index - first + 1));
      first = index + 1;
    }
  }
  return results.sort();
}

/** A window ends with each record; another begins a millisecond behind it where it holds something. */
export function slidingCounts(inputs: readonly Input[], difference: number): Results {
  const results = new Set<string>();
  for (const [key, records] of byKey(inputs)) {
    for (const [index, { timestamp }] of records.entries()) {
      const near = records.slice(Math.max(0, index - 40), index + 40);
      for (const start of [timestamp - difference, timestamp + 1]) {
        const end = start + difference;
        const held = near.filter((other) => other.timestamp >= start && other.timestamp <= end).length;
        if (held > 0) results.add(inWindow({ key, start, end }, held));
      }
    }
  }
  return [...results].sort();
}

/** Pairs at most `within` apart; with `padded` records of the left side that have none by `until`. */
export function pairs(
  inputs: readonly Input[],
  within: number,
  padded?: { readonly until: number },
): Results {
  const results: string[] = [];
  const rightOnes = Map.groupBy(of(inputs, 'right'), ({ key }) => key);
  for (const { key, value, timestamp } of of(inputs, 'left')) {
    const partners = (rightOnes.get(key) ?? []).filter(
      (other) => Math.abs(other.timestamp - timestamp) <= within,
    );
    for (const other of partners)
      results.push(`${key} ${Math.max(timestamp, other.timestamp)}: ${value}+${other.value}`);
    if (partners.length === 0 && padded !== undefined && timestamp < padded.until)
      results.push(`${key} ${timestamp}: ${value}+null`);
  }
  return results.sort();
}

/** Each record of the left side up to some time, with the row of the right side as it was then. */
export function asOf(inputs: readonly Input[], until: number): Results {
  const rows = Map.groupBy(of(inputs, 'right'), ({ key }) => key);
  return of(inputs, 'left')
    .filter(({ timestamp }) => timestamp <= until)
    .map(({ key, value, timestamp }) => {
      const row = rows.get(key)?.findLast((other) => other.timestamp <= timestamp);
      return `${key} ${timestamp}: ${value}+${row === undefined ? null : row.value}`;
    })
    .sort();
}
