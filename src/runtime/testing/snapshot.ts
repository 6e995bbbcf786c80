import { inspect } from 'node:util';
import type { Message } from '../../dsl/message.ts';
import type { Topology } from '../../dsl/topology.ts';
import type { StoreRow } from '../storeRows.ts';
import type { Drop } from '../task/rejects.ts';

/**
 * All that a pipeline has made, as lines to be kept with `toMatchSnapshot()`. The records of one key stand in their order, the keys
 * in that of their text: the number of partitions and instances makes no difference.
 */
export interface PipelineSnapshot {
  readonly outputs: Readonly<Record<string, readonly string[]>>;
  readonly stores: Readonly<Record<string, readonly string[]>>;
  readonly drops: readonly string[];
}

export interface Made {
  readonly outputs: readonly (readonly [topic: string, records: readonly Message<unknown, unknown>[]])[];
  readonly stores: readonly (readonly [name: string, rows: readonly StoreRow[]])[];
  readonly drops: readonly Drop[];
}

export function snapshotOf({ outputs, stores, drops }: Made): PipelineSnapshot {
  return {
    outputs: byName(outputs, (records) => records.map(recordLine)),
    stores: byName(stores, (rows) => rows.map(rowLine)),
    drops: drops.map(({ reason, step, topic }) => `${reason} at ${step}, from ${topic}`).sort(),
  };
}

/** Stores that a user has named or a step is known by; what steps keep for themselves beside them is left out. */
export function shownStores({ subtopologies, globalTables }: Topology): string[] {
  const stores = [...subtopologies, ...globalTables].flatMap((piece) => piece.stores);
  return stores.filter(({ spec }) => !spec.suffix).map(({ name }) => name);
}

interface Line {
  readonly key: string;
  readonly text: string;
}

function byName<T>(
  entries: readonly (readonly [name: string, of: T])[],
  linesOf: (of: T) => Line[],
): Record<string, string[]> {
  const sorted = [...entries].sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(
    sorted.map(([name, of]) => [
      name,
      linesOf(of)
        .sort((a, b) => compare(a.key, b.key))
        .map(({ text }) => text),
    ]),
  );
}

function recordLine({ key, value, timestamp, headers }: Message<unknown, unknown>): Line {
  const told = headers.map(([name, content]) => `${name}: ${content}`).join(', ');
  const shown = line(key, value, timestamp);
  return headers.length === 0 ? shown : { ...shown, text: `${shown.text} {${told}}` };
}

const rowLine = ([key, { value, timestamp }]: StoreRow): Line => line(key, value, timestamp);

function line(key: unknown, value: unknown, timestamp: number): Line {
  return { key: keyText(key), text: `${keyText(key)} = ${text(value)} at ${timestamp}` };
}

function keyText(key: unknown): string {
  if (typeof key !== 'object' || key === null || !('start' in key && 'end' in key && 'key' in key))
    return text(key);
  return `${keyText(key.key)} in ${key.start}..${key.end}`;
}

const text = (value: unknown): string =>
  inspect(value, { depth: null, breakLength: Number.POSITIVE_INFINITY, compact: true, sorted: true });

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
