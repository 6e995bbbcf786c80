import {
  branch,
  filter,
  filterNot,
  flatMap,
  globalTable,
  keyBy,
  map,
  merge,
  nullable,
  repartition,
  stream,
  table,
  to,
  toStream,
  toTable,
} from 'millrace';
import { type Builder, type CaseStream, type CaseTable, keys, values } from './builder.ts';
import type { CaseKey, CaseNode, Fn, Literal } from './format.ts';
import { mapper, multiMapper, predicate } from './functions.ts';

type Describe = (builder: Builder, node: CaseNode) => void;

/** Sources, sinks and steps without state. */
export const statelessNodes: Readonly<Record<string, Describe>> = {
  stream(builder, { id, topic }) {
    builder.put(id, { stream: stream(topic, { key: nullable(keys), value: nullable(values) }) });
  },
  table(builder, { id, topic, store, versionedHistoryMs }) {
    const made: CaseTable = table(topic, {
      key: keys,
      value: values,
      name: store ?? id,
      versioned: versionedHistoryMs,
    });
    builder.put(id, { table: made });
  },
  globalTable(builder, { id, topic, store }) {
    builder.put(id, {
      globalTable: globalTable(topic, { key: keys, value: values, name: store ?? id }),
    });
  },
  to(builder, node) {
    builder.ends.push(builder.stream(node).pipe(to(node.topic)));
  },
  filter: (builder, node) => select(builder, node, true),
  filterNot: (builder, node) => select(builder, node, false),
  mapValues(builder, node) {
    const { id } = node;
    const of = mapper(node.value);
    const input = builder.input(node);
    if ('table' in input) {
      const table = input.table.pipe(map((value, { key }) => of(key, value)));
      builder.put(id, { table: node.store === undefined ? table : stored(table, node.store) });
    } else builder.put(id, { stream: builder.stream(node).pipe(map((value, { key }) => of(key, value))) });
  },
  map(builder, node) {
    const keyOf = mapper(node.key!);
    const mapped = mapper(node.value);
    const pairs = map<CaseStream, Pair>((value, { key }) => [keyOf(key, value), mapped(key, value)]);
    builder.put(node.id, { stream: builder.stream(node).pipe(pairs, keyBy(first, keys), map(second)) });
  },
  flatMap(builder, node) {
    const pieces = multiMapper(node.values);
    const keyOf = mapper(node.key!);
    const mapped = mapper(node.value);
    const pairs = flatMap<CaseStream, Pair>((value, { key }) =>
      pieces(key, value).map((piece): Pair => [keyOf(key, piece), mapped(key, piece)]),
    );
    builder.put(node.id, { stream: builder.stream(node).pipe(pairs, keyBy(first, keys), map(second)) });
  },
  flatMapValues(builder, node) {
    const pieces = multiMapper(node.values);
    const made = builder.stream(node).pipe(flatMap((value, { key }) => pieces(key, value)));
    builder.put(node.id, { stream: made });
  },
  selectKey(builder, node) {
    builder.put(node.id, { stream: rekeyed(builder.stream(node), node.key!) });
  },
  merge(builder, node) {
    const others = node.in!.slice(1).map((_, index) => builder.stream(node, index + 1));
    builder.put(node.id, { stream: builder.stream(node).pipe(merge(...others)) });
  },
  split(builder, node) {
    const predicates = node.branches.map(({ name, predicate: f }) => {
      const holds = predicate(f);
      const asked = (value: Literal, { key }: { key: Parameters<typeof holds>[0] }) => holds(key, value);
      return [name, asked] as const;
    });
    const branches = builder.stream(node).pipe(branch(Object.fromEntries(predicates), node.default));
    for (const [name, made] of Object.entries(branches)) builder.put(`${node.id}.${name}`, { stream: made });
  },
  repartition(builder, node) {
    builder.put(node.id, { stream: builder.stream(node).pipe(repartition({ name: node.id })) });
  },
  toTable(builder, node) {
    const versioned = node.versionedHistoryMs;
    const made: CaseTable = builder.stream(node).pipe(toTable({ name: node.store ?? node.id, versioned }));
    builder.put(node.id, { table: made });
  },
  toStream(builder, node) {
    const made: CaseStream = builder.table(node).pipe(toStream());
    builder.put(node.id, { stream: node.key === undefined ? made : rekeyed(made, node.key) });
  },
};

type Pair = readonly [key: Literal, value: Literal];
const first = ([key]: Pair): Literal => key;
const second = ([, value]: Pair): Literal => value;

export function rekeyed(input: CaseStream, f: Fn): CaseStream {
  const keyOf = mapper(f);
  const made = input.pipe(keyBy((value, { key }) => keyOf(key, value), keys));
  return made;
}

function select(builder: Builder, node: CaseNode, wanted: boolean): void {
  const { id, store } = node;
  const holds = predicate(node.predicate);
  const asked = (value: Literal, { key }: { key: Parameters<typeof holds>[0] }): boolean => holds(key, value);
  const input = builder.input(node);
  if ('stream' in input) {
    builder.put(id, { stream: input.stream.pipe(wanted ? filter(asked) : filterNot(asked)) });
    return;
  }
  // What a join says that a row was it makes of the rows of both sides, and not of the one it keeps.
  const table = ('changes' in input ? input.changes : undefined) ?? builder.table(node);
  const needless = builder.needlessTombstones.has(id);
  if (store === undefined && !needless) {
    builder.put(id, { table: table.pipe(wanted ? filter(asked) : filterNot(asked)) });
    return;
  }
  // Emits a tombstone for each row that fails. With a store of its own a filter knows what there was.
  const passing = map<CaseTable, CaseKey | null>((value, message) => asked(value, message) === wanted ? value : null); // biome-ignore format: one line
  const kept = store === undefined ? table.pipe(passing) : stored(table.pipe(passing), store);
  builder.put(id, { table: needless ? kept : kept.pipe(filter(() => true)) });
}

/** A derived table keeps nothing of its own in millrace: a named store for it is one more step. */
export const stored = (made: CaseTable, name: string): CaseTable => made.pipe(toStream(), toTable({ name }));
