import { int64 } from '../../../src/dsl/codecs/int64.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { globalTable } from '../../../src/dsl/globalTable.ts';
import type { Node, Operator, Shape } from '../../../src/dsl/node.ts';
import { stream } from '../../../src/dsl/stream.ts';
import { table } from '../../../src/dsl/table.ts';
import { type Topology, topology } from '../../../src/dsl/topology.ts';
import { hopping } from '../../../src/dsl/windows/hopping.ts';

/** A node that never runs: descriptions are drawn, not executed. */
export function node(
  kind: string,
  shape: Shape,
  inputs: readonly Node[],
  operator: Partial<Operator> = {},
  more: Partial<Node> = {},
): Node {
  const run = () => [];
  const [first] = inputs;
  return {
    shape,
    operator: { kind, run, ...operator },
    inputs,
    key: first?.key,
    value: first?.value,
    ...more,
  };
}

const store = { suffix: '', key: text, value: int64 } as const;
const codecs = { key: text, value: int64 };

/** Two sub-topologies, a repartition topic, joins with a table and a global table, windows, sinks of both kinds. */
export function example(): Topology {
  const orders = stream('orders', { ...codecs, onError: { deadLetters: 'orders-dead' } }).node;
  const users = table('users', { ...codecs, name: 'people' }).node;
  const products = globalTable('products', codecs).node;
  const joined = node('join', 'stream', [orders, users], { keyed: true });
  const priced = node('join', 'stream', [joined, products], {});
  const chosen = node('to', 'sink', [priced], { sink: { topic: () => 'somewhere' } });
  const rekeyed = node('keyBy', 'stream', [orders], { rekeys: true });
  const window = hopping('10m', { advance: '1m', grace: '30s', offset: '5s' });
  const windowed = node('window', 'windowed', [rekeyed], { keyed: true }, { window });
  const spec = { ...store, kind: 'window', windowSize: window.size, retention: 630_000 } as const;
  const counts = node(
    'count',
    'table',
    [windowed],
    { keyed: true, stores: [spec] },
    { name: 'per-user', window },
  );
  const records = node('toStream', 'stream', [counts]);
  const written = node('to', 'sink', [records], { sink: { topic: 'counts' } });
  return topology([{ node: chosen }, { node: written }]);
}
