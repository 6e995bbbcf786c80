import { describe, expect, test } from 'vitest';
import { int64 } from '../../../src/dsl/codecs/int64.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { windowed } from '../../../src/dsl/codecs/windowed.ts';
import { describeText } from '../../../src/dsl/describe/text.ts';
import { globalTable } from '../../../src/dsl/globalTable.ts';
import { stream } from '../../../src/dsl/stream.ts';
import { table } from '../../../src/dsl/table.ts';
import { type Topology, topology } from '../../../src/dsl/topology.ts';
import { tumbling } from '../../../src/dsl/windows/tumbling.ts';
import { branch } from '../../../src/operators/branch.ts';
import { count } from '../../../src/operators/count.ts';
import { groupBy } from '../../../src/operators/groupBy.ts';
import { joinGlobal } from '../../../src/operators/joinGlobal.ts';
import { joinTable } from '../../../src/operators/joinTable.ts';
import { keyBy } from '../../../src/operators/keyBy.ts';
import { map } from '../../../src/operators/map.ts';
import { merge } from '../../../src/operators/merge.ts';
import { repartition } from '../../../src/operators/repartition.ts';
import { to } from '../../../src/operators/to.ts';
import { toTable } from '../../../src/operators/toTable.ts';
import { window } from '../../../src/operators/window.ts';
import { example, node } from './example.ts';

const codecs = { key: text, value: int64 };

describe('describeText', () => {
  test('writes sub-topologies, nodes and arrows as Kafka Streams does', () => {
    expect(describeText(example())).toBe(`Topologies:
   Sub-topology: 0
    Source: orders-source (topics: [orders])
      --> orders.join, orders.keyBy
    Source: people-source (topics: [users])
      --> people-table
    Processor: people-table (stores: [people])
      --> orders.join
      <-- people-source
    Processor: orders.join (stores: [people])
      --> orders.join.join
      <-- orders-source, people-table
    Processor: orders.join.join (stores: [products])
      --> orders.join.join.to
      <-- orders.join
    Sink: orders.join.join.to (extractor class: topic)
      <-- orders.join.join
    Processor: orders.keyBy (stores: [])
      --> per-user-repartition.to
      <-- orders-source
    Sink: per-user-repartition.to (topic: per-user-repartition)
      <-- orders.keyBy

  Sub-topology: 1
    Source: per-user-repartition-source (topics: [per-user-repartition])
      --> orders.keyBy.window
    Processor: orders.keyBy.window (stores: [])
      --> per-user-processor
      <-- per-user-repartition-source
    Processor: per-user-processor (stores: [per-user])
      --> per-user.toStream
      <-- orders.keyBy.window
    Processor: per-user.toStream (stores: [])
      --> per-user.toStream.to
      <-- per-user-processor
    Sink: per-user.toStream.to (topic: counts)
      <-- per-user.toStream

  Sub-topology: 2 for global store (will not generate tasks)
    Source: products-source (topics: [products])
      --> products-table
    Processor: products-table (stores: [products])
      --> none
      <-- products-source
`);
  });

  test('ends a last sub-topology with an empty line, as Kafka Streams does', () => {
    const orders = stream('orders', codecs);
    expect(describeText(topology([orders]))).toBe(
      'Topologies:\n   Sub-topology: 0\n    Source: orders-source (topics: [orders])\n      --> none\n\n',
    );
  });

  test.each([
    ['an example', example],
    ['real operators', pipelines],
  ])('of %s is read by the patterns of the usual tools, and every arrow leads somewhere', (_, make) => {
    const drawn = parse(describeText(make()));
    expect(drawn.length).toBeGreaterThan(10);
    const names = new Set(drawn.map(({ name }) => name));
    for (const { to, from } of drawn) for (const name of [...to, ...from]) expect(names).toContain(name);
    for (const { name, to } of drawn) {
      for (const target of to) expect(drawn.find((other) => other.name === target)?.from).toContain(name);
    }
  });

  test('never gives a node the name of a topic, a store or another node', () => {
    const names = ['a', 'a-source', 'a-table', 'a.filter', 'a.to', 'a.filter-processor'];
    const tables = names.map((name) => table(name, codecs).node);
    const [first] = tables;
    const filtered = node('filter', 'stream', [first!]);
    const sinks = [...tables, filtered].map((input) =>
      node('to', 'sink', [input], { sink: { topic: 'a.to' } }),
    );
    const drawn = parse(describeText(topology(sinks.map((sink) => ({ node: sink })))));
    const nodes = drawn.map(({ name }) => name);
    expect(new Set(nodes).size).toBe(nodes.length);
    for (const name of nodes) expect(names).not.toContain(name);
  });

  test('shows a table of a table only where rows are kept', () => {
    const users = table('users', codecs).node;
    const filtered = node('filter', 'table', [users]);
    const joined = node('join', 'stream', [stream('orders', codecs).node, filtered], { keyed: true });
    const drawn = parse(describeText(topology([{ node: joined }])));
    expect(drawn.find(({ name }) => name === 'users.filter')?.linked).toEqual([]);
    expect(drawn.find(({ name }) => name === 'orders.join')?.linked).toEqual(['users']);
  });

  test('numbers a global table alone as the first', () => {
    const orders = stream('orders', codecs).node;
    const joined = node('join', 'stream', [orders, globalTable('g', codecs).node], {});
    expect(describeText(topology([{ node: joined }]))).toContain(
      '  Sub-topology: 1 for global store (will not',
    );
  });
});

function pipelines(): Topology {
  const orders = stream('orders', codecs);
  const users = table('users', codecs);
  const { big, small } = orders.pipe(branch({ big: (amount) => amount > 3 }, 'small'));
  return topology([
    big.pipe(
      keyBy((_, message) => message.key),
      window(tumbling('5m')),
      count('per-user'),
      to('counts', { key: windowed(text, '5m') }),
    ),
    small.pipe(
      joinTable(users.pipe(map((user) => user + 1)), (order, user) => order + user),
      joinGlobal(
        globalTable('shops', codecs),
        (order) => String(order),
        (order, shop) => order + shop,
      ),
      to((order) => `orders-${order}`),
    ),
    users.pipe(groupBy(String), count('by-age'), to('ages')),
    orders.pipe(merge(stream('more', codecs)), repartition({ name: 'again' }), toTable('newest'), to('n')),
  ]);
}

interface Drawn {
  readonly kind: string;
  readonly name: string;
  readonly linked: readonly string[];
  readonly to: string[];
  readonly from: string[];
}

/** Line by line with the patterns of kafka-streams-viz and its kin. */
function parse(description: string): Drawn[] {
  const drawn: Drawn[] = [];
  for (const line of description.split('\n')) {
    const node =
      /^ {4}(Source|Processor|Sink):\s+(\S+)\s+\((?:topics|topic|stores|extractor class):\s*(.*)\)$/.exec(
        line,
      );
    const arrow = /^ {6}(-->|<--)\s+(.*)$/.exec(line);
    if (node !== null) {
      const linked = split(node[3]!.replace(/^\[|\]$/g, ''));
      drawn.push({ kind: node[1]!, name: node[2]!, linked, to: [], from: [] });
    } else if (arrow !== null) {
      const names = arrow[2] === 'none' ? [] : split(arrow[2]!);
      drawn.at(-1)?.[arrow[1] === '-->' ? 'to' : 'from'].push(...names);
    } else if (
      line !== '' &&
      !/^(Topologies:| {2,3}Sub-topology: \d+( for global store \(will not generate tasks\))?)$/.test(line)
    ) {
      throw new Error(`no tool reads this line: ${line}`);
    }
  }
  return drawn;
}

const split = (list: string): string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
