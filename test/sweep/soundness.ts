import type { Case, CaseNode } from '../conformance/format.ts';
import { chainsClocks, countsKeyless, dependsOnOrder, readsTimeOfOthers } from './hops.ts';

type Topology = Pick<Case, 'topology'>;

/** Why the topology is none to compare by; undefined where it is one. */
export function unsound(question: Topology): string | undefined {
  return rules.find(([, holds]) => holds(question))?.[0];
}

const rules: readonly (readonly [why: string, holds: (question: Topology) => boolean])[] = [
  ['depends on the order in which two internal topics are read', dependsOnOrder],
  ['reads the stream time of a task, of which the test driver has only one', readsTimeOfOthers],
  ['has timers of the wall clock behind each other', chainsClocks],
  ['counts records without keys in a processor with a store', countsKeyless],
  // docs/kafka-streams.md: it comes out once there.
  ['merges a stream with itself', ({ topology }) => topology.some(mergesWithItself)],
  // Kafka Streams emits changes of such rows that contradict each other (and an open case says how).
  ['joins a table with itself behind a step with state', joinsDerivedWithItself],
  // InvalidStateStoreException while building: the join is not connected to the store.
  ['joins a cogrouped table', joinsCogrouped],
];

function mergesWithItself({ op, in: ids = [] }: CaseNode): boolean {
  return op === 'merge' && new Set(ids).size < ids.length;
}

const derived = new Set([
  'suppress',
  'tableTableJoin',
  'foreignKeyJoin',
  'toTable',
  'count',
  'reduce',
  'aggregate',
]);

function joinsDerivedWithItself({ topology }: Topology): boolean {
  return topology.some(({ op, in: ids = [] }) => {
    if (op !== 'tableTableJoin' || ids[0] !== ids[1]) return false;
    return topology.some(({ id, op: made }) => id === ids[0] && derived.has(made));
  });
}

function joinsCogrouped({ topology }: Topology): boolean {
  const bare = new Set<string>();
  for (const { id, op, in: ids = [], store } of topology) {
    const from = ids.some((one) => bare.has(one));
    if (op === 'cogroup') bare.add(id);
    else if (from && /Join$/.test(op)) return true;
    else if (from && ['windowedBy', 'aggregate'].includes(op)) bare.add(id);
    else if (from && ['filter', 'filterNot', 'mapValues', 'suppress'].includes(op) && store === undefined)
      bare.add(id);
  }
  return false;
}
