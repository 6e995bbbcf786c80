import type { AppOptions, NewTopic, TopicCodecs } from '../../src/index.ts';
import { aggregate, bytes, json, keyBy, stream, to, topology } from '../../src/index.ts';

/** A record of the input. Ids of those that are to be aborted begin at `firstAborted`. */
export interface Entry {
  readonly id: number;
  /** Number of the key behind the repartition topic. */
  readonly group: number;
}

/** What is put out for each: the running number within its key. */
export interface Numbered {
  readonly id: number;
  readonly n: number;
}

export const firstAborted = 1e9;
export const partitions = 6;
const groups = 53;

export const entryCodecs: TopicCodecs<Buffer, Entry> = { key: bytes, value: json<Entry>() };

/** Keys that code has been misled by: the bytes of a marker, int32 0, nothing, names of properties, bytes that are no text. */
const keys: readonly Buffer[] = [
  Buffer.alloc(4),
  Buffer.from([0, 0, 0, 1]),
  Buffer.alloc(8),
  Buffer.from(''),
  Buffer.from('__proto__'),
  Buffer.from('constructor'),
  Buffer.from('clé'),
  Buffer.from([0xff, 0xfe]),
  ...Array.from({ length: 40 }, (_, index) => Buffer.from(`user-${index}`)),
];

export function keyOf(id: number): Buffer {
  return keys[(Math.imul(id, 0x9e3779b1) >>> 8) % keys.length]!;
}

export function entryOf(id: number): Entry {
  return { id, group: id % groups };
}

/** int32, so that group 0 is four zero bytes. */
export function groupKey(group: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeInt32BE(group);
  return key;
}

/** Numbers each key's records, and each group's behind a repartition topic. */
export interface Workload {
  readonly sinks: AppOptions['sinks'];
  readonly topics: readonly NewTopic[];
  readonly input: string;
  readonly byKey: string;
  readonly byGroup: string;
  /** What an application of this id has read to its end when it has done everything. */
  crossing(id: string): readonly string[];
  /** All topics it writes. */
  written(id: string): readonly string[];
  /** Of the rows of the two stores. */
  changelogs(id: string): readonly [byKey: string, byGroup: string];
  /** Transactional ids of its tasks. */
  transactionalIds(id: string): readonly string[];
}

export function workload(prefix: string): Workload {
  const [input, byKey, byGroup] = [`${prefix}input`, `${prefix}by-key`, `${prefix}by-group`];
  const entries = stream(input, entryCodecs);
  const numbered = entries.pipe(
    aggregate(
      (): Numbered => ({ id: -1, n: 0 }),
      ({ n }, { id }) => ({ id, n: n + 1 }),
      'by-key',
    ),
    to(byKey),
  );
  const grouped = entries.pipe(
    keyBy(({ group }) => groupKey(group), bytes),
    aggregate(
      (): Numbered => ({ id: -1, n: 0 }),
      ({ n }, { id }) => ({ id, n: n + 1 }),
      'by-group',
    ),
    to(byGroup),
  );
  const repartition = (id: string) => `${id}-by-group-repartition`;
  const changelogs = (id: string) => [`${id}-by-key-changelog`, `${id}-by-group-changelog`] as const;
  const sinks = [numbered, grouped];
  return {
    sinks,
    topics: [input, byKey, byGroup].map((topic) => ({ topic, partitions })),
    input,
    byKey,
    byGroup,
    crossing: (id) => [input, repartition(id)],
    written: (id) => [input, byKey, byGroup, repartition(id), ...changelogs(id)],
    changelogs: (id) => changelogs(id),
    transactionalIds: (id) =>
      topology(sinks).subtopologies.flatMap(({ name }) =>
        Array.from({ length: partitions }, (_, partition) => `${id}-${name}_${partition}`),
      ),
  };
}
