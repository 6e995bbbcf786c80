import type { CaseNode, Fn } from '../conformance/format.ts';
import type { Question } from './makeCase.ts';

type Nodes = readonly CaseNode[];

/** Without one of the ends, or with a node replaced by one of those it comes from. */
export function fewerNodes(question: Question): Question[] {
  const { topology } = question;
  const used = new Set(topology.flatMap(({ in: ids = [] }) => ids.map(nodeOf)));
  const without = topology
    .filter(({ id }) => !used.has(id))
    .map(({ id }) => swept(topology.filter((node) => node.id !== id)));
  const shortened = topology.flatMap((node) =>
    [...ancestors(topology, node)].map((ancestor) => swept(redirected(topology, node.id, ancestor))),
  );
  const fewer = [...without, ...shortened]
    .filter((nodes) => nodes.length > 0 && nodes.length < topology.length)
    .sort((a, b) => a.length - b.length);
  return fewer.flatMap((nodes) =>
    fed(question, nodes).map((inputs) => ({ ...question, topology: nodes, inputs })),
  );
}

const nodeOf = (id: string): string => id.split('.')[0]!;

/** Nearest last: the further away, the more falls out. */
function ancestors(topology: Nodes, { in: ids = [] }: CaseNode): Set<string> {
  const found = new Set<string>();
  for (const id of ids) {
    const node = topology.find((one) => one.id === nodeOf(id));
    if (node !== undefined) for (const one of ancestors(topology, node)) found.add(one);
    found.add(id);
  }
  return found;
}

function redirected(topology: Nodes, from: string, to: string): Nodes {
  return topology.map((node) =>
    node.in === undefined ? node : { ...node, in: node.in.map((id) => (nodeOf(id) === from ? to : id)) },
  );
}

/** Nodes that nothing goes on from are there for what they write or keep; others that were on the way to nothing go. */
function swept(topology: Nodes): Nodes {
  for (let nodes = topology; ; ) {
    const used = new Set(nodes.flatMap(({ in: ids = [] }) => ids.map(nodeOf)));
    const kept = nodes.filter(
      ({ id, op, store }) => used.has(id) || op === 'to' || (store !== undefined && op !== 'process'),
    );
    if (kept.length === nodes.length) return nodes;
    nodes = kept;
  }
}

/** Inputs of topics that nothing reads any more go, or go to another one. */
function fed({ inputs }: Question, topology: Nodes): Question['inputs'][] {
  const sources = topology.filter(({ op }) => op === 'stream' || op === 'table' || op === 'globalTable');
  const topics = new Set(sources.map(({ topic }) => topic));
  const kept = inputs.filter((input) => !('topic' in input) || topics.has(input.topic));
  if (kept.length === inputs.length) return [kept];
  const [topic] = topics;
  if (topic === undefined) return [kept];
  return [
    kept,
    inputs.map((input) => ('topic' in input && !topics.has(input.topic) ? { ...input, topic } : input)),
  ];
}

/** Plainer functions, fewer options, smaller durations. */
export function simplerNodes(question: Question): Question[] {
  const { topology } = question;
  return topology.flatMap((node, at) =>
    simplerOf(node).map((simpler) => ({
      ...question,
      topology: topology.map((other, index) => (index === at ? simpler : other)),
    })),
  );
}

const plainest: Readonly<Record<string, Fn>> = {
  predicate: { fn: 'always' },
  value: { fn: 'identity' },
  key: { fn: 'identity', of: 'key' },
  joiner: { fn: 'concat', sep: '+' },
  reducer: { fn: 'concat', sep: '+' },
  adder: { fn: 'concat', sep: '+' },
  merger: { fn: 'concat', sep: '&' },
  subtractor: { fn: 'concat', sep: '-' },
  foreignKey: { fn: 'identity' },
};

const options = [
  'store',
  'retentionMs',
  'emit',
  'default',
  'graceMs',
  'maxRecords',
  'whenFull',
  'versionedHistoryMs',
  'init',
];

function simplerOf(node: CaseNode): CaseNode[] {
  const found: CaseNode[] = [];
  for (const option of options) {
    if (!(option in node) || (option === 'graceMs' && node.op === 'streamStreamJoin')) continue;
    const { [option as 'store']: _, ...rest } = node;
    found.push(rest as CaseNode);
  }
  for (const [name, fn] of Object.entries(plainest)) {
    if (name in node && JSON.stringify(node[name as 'key']) !== JSON.stringify(fn))
      found.push({ ...node, [name]: fn });
  }
  if (node.op === 'cogroup' && node.in!.length > 1) {
    for (const at of node.in!.keys()) {
      const others = <T>(list: readonly T[]): T[] => list.filter((_, index) => index !== at);
      found.push({ ...node, in: others(node.in!), adders: others(node.adders) });
    }
  }
  if (node.op === 'merge' && node.in!.length > 2) found.push({ ...node, in: node.in!.slice(0, 2) });
  if (node.op === 'split' && node.branches.length > 1)
    found.push({ ...node, branches: node.branches.slice(0, 1) });
  return [...found, ...smallerNumbers(node)];
}

/** Each number of a node or of its window and processor: 0, half, one less. */
function smallerNumbers(node: CaseNode): CaseNode[] {
  const found: CaseNode[] = [];
  const change = (holder: object, put: (changed: object) => CaseNode): void => {
    for (const [name, value] of Object.entries(holder)) {
      if (typeof value !== 'number' || value === 0) continue;
      const smaller = new Set([0, Math.trunc(value / 2), value - Math.sign(value)]);
      for (const less of smaller) if (less !== value) found.push(put({ ...holder, [name]: less }));
    }
  };
  change(node, (changed) => changed as CaseNode);
  if (node.window !== undefined) change(node.window, (window) => ({ ...node, window }) as CaseNode);
  if (node.processor !== undefined)
    change(node.processor, (processor) => ({ ...node, processor }) as CaseNode);
  return found;
}
