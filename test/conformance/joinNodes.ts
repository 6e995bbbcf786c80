import {
  joinForeignKey,
  joinGlobal,
  joinStream,
  joinTable,
  leftJoinForeignKey,
  leftJoinGlobal,
  leftJoinStream,
  leftJoinTable,
  type Message,
  outerJoinStream,
  outerJoinTable,
  peek,
  type Table,
} from 'millrace';
import type { Builder, CaseStream, CaseTable } from './builder.ts';
import type { AnyKey, CaseKey, CaseNode, Literal } from './format.ts';
import { combiner, mapper } from './functions.ts';
import { stored } from './statelessNodes.ts';

type Describe = (builder: Builder, node: CaseNode) => void;

export const joinNodes: Readonly<Record<string, Describe>> = {
  streamTableJoin(builder, node) {
    const join = combiner(node.joiner);
    const input = builder.stream(node);
    const rows = builder.table(node, 1);
    const options = node.graceMs === undefined ? undefined : { grace: node.graceMs, name: node.id };
    const refused =
      node.graceMs === undefined ? peek<CaseStream>(() => {}) : peek<CaseStream>(refuseNullKeys);
    const made =
      node.type === 'inner'
        ? input.pipe(joinTable(rows, (value, row, { key }) => join(key, value, row), options))
        : input.pipe(
            refused,
            leftJoinTable(rows, (value, row, { key }) => join(key, value, row), options),
          );
    builder.put(node.id, { stream: made });
  },
  tableTableJoin(builder, node) {
    const join = combiner(node.joiner);
    const left = builder.table(node);
    const right = builder.table(node, 1);
    const ways: Record<string, () => CaseTable> = {
      inner: () => left.pipe(joinTable(right, (a, b, { key }) => join(key, a, b))) as CaseTable,
      left: () => left.pipe(leftJoinTable(right, (a, b, { key }) => join(key, a, b))) as CaseTable,
      outer: () => left.pipe(outerJoinTable(right, (a, b, { key }) => join(key, a, b))) as CaseTable,
    };
    const changes = ways[node.type!]!();
    const table = node.store === undefined ? changes : stored(changes, node.store);
    builder.put(node.id, { table, changes });
  },
  foreignKeyJoin(builder, node) {
    const join = combiner(node.joiner);
    const keyOf = mapper(node.foreignKey!);
    const left = builder.table(node);
    const right = builder.table(node, 1) as Table<CaseKey, CaseKey>;
    const foreignKey = (value: CaseKey, { key }: Message<AnyKey, CaseKey>) => keyOf(key, value);
    const name = node.store ?? node.id;
    const made: CaseTable =
      node.type === 'inner'
        ? left.pipe(joinForeignKey(right, foreignKey, (a, b, { key }) => join(key, a, b), { name }))
        : left.pipe(leftJoinForeignKey(right, foreignKey, (a, b, { key }) => join(key, a, b), { name }));
    builder.put(node.id, { table: made });
  },
  streamStreamJoin(builder, node) {
    const join = combiner(node.joiner);
    const left = builder.stream(node);
    const right = builder.stream(node, 1);
    const { beforeMs: before = 0, afterMs: after = 0, graceMs: grace = 0 } = node;
    const options = { before, after, grace, retention: before + after + grace, name: node.id };
    const padded = { ...options, unmatched: 'kafka-streams' } as const;
    const ways: Record<string, () => CaseStream> = {
      inner: () => left.pipe(joinStream(right, (a, b, { key }) => join(key, a, b), options)),
      left: () => left.pipe(leftJoinStream(right, (a, b, { key }) => join(key, a, b), padded)),
      outer: () => left.pipe(outerJoinStream(right, (a, b, { key }) => join(key, a, b), padded)),
    };
    builder.put(node.id, { stream: ways[node.type!]!() });
  },
  streamGlobalTableJoin(builder, node) {
    const join = combiner(node.joiner);
    const of = mapper(node.key!);
    const input = builder.stream(node);
    const rows = builder.globalTable(node, 1);
    const made =
      node.type === 'inner'
        ? input.pipe(
            joinGlobal(
              rows,
              (value, { key }) => of(key, value),
              (value, row, { key }) => join(key, value, row),
            ),
          )
        : input.pipe(
            leftJoinGlobal(
              rows,
              (value, { key }) => of(key, value),
              (value, row, { key }) => join(key, value, row),
            ),
          );
    builder.put(node.id, { stream: made });
  },
};

/** What Kafka Streams stops at, in a left join with a grace. */
function refuseNullKeys(value: Literal, { key }: { readonly key: AnyKey | null }): void {
  if (key === null && value !== null) throw new Error('a record that waits needs a key');
}
