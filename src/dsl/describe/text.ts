import type { Step, Topology } from '../topology.ts';
import { readersOf, storesReadBy, writersTo } from './links.ts';

/**
 * The topology in the format of Kafka Streams' `Topology#describe`, which tools that draw topologies read. As there, a
 * table read from a topic is two nodes: the source and the processor that keeps the rows. Joins list the stores of the
 * tables they look into. Node names never equal names of topics and stores.
 */
export function describeText(topology: Topology): string {
  const names = nodeNames(topology);
  const lines = ['Topologies:'];
  let id = 0;
  for (const { steps } of topology.subtopologies) {
    // Kafka Streams' first line is indented by one more, and its readers do not mind.
    lines.push(`${id === 0 ? '   ' : '  '}Sub-topology: ${id++}`, ...nodes(steps, names), '');
  }
  for (const table of topology.globalTables) {
    const title = `Sub-topology: ${id} for global store (will not generate tasks)`;
    lines.push(`${id++ === 0 ? '   ' : '  '}${title}`, ...nodes([table], names));
  }
  return `${lines.join('\n')}\n`;
}

type Names = ReadonlyMap<Step, NodeNames>;

interface NodeNames {
  /** The node that messages come out of. */
  readonly out: string;
  /** The node that messages go into: for tables read from a topic not the same. */
  readonly into: string;
}

function nodes(steps: readonly Step[], names: Names): string[] {
  const readers = readersOf(steps);
  return steps.flatMap((step) => {
    const targets = (readers.get(step) ?? []).map((reader) => names.get(reader)!.into);
    const origins = writersTo(step).map((writer) => names.get(writer)!.out);
    const { into, out } = names.get(step)!;
    if (step.node.shape === 'sink')
      return [`    Sink: ${into} (${target(step)})`, `      <-- ${list(origins)}`];
    if (step.inputs.length > 0) return processor(out, step, targets, origins);
    const source = `    Source: ${into} (topics: [${step.topic}])`;
    if (step.stores.length === 0) return [source, `      --> ${list(targets)}`];
    return [source, `      --> ${out}`, ...processor(out, step, targets, [into])];
  });
}

function processor(
  name: string,
  step: Step,
  targets: readonly string[],
  origins: readonly string[],
): string[] {
  const stores = [...step.stores.map((store) => store.name), ...storesReadBy(step)].sort();
  return [
    `    Processor: ${name} (stores: [${stores.join(', ')}])`,
    `      --> ${list(targets)}`,
    `      <-- ${list(origins)}`,
  ];
}

const list = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : [...names].sort().join(', ');

function target({ topic, operator }: Step): string {
  if (topic !== undefined) return `topic: ${topic}`;
  const choose = operator.sink?.topic;
  return `extractor class: ${(typeof choose === 'function' && choose.name) || 'function'}`;
}

/** Tools draw nodes, topics and stores in one picture and know them by name, so no two of them may share one. */
function nodeNames(topology: Topology): Names {
  const steps = [...topology.subtopologies.flatMap((piece) => piece.steps), ...topology.globalTables];
  const taken = new Set<string | undefined>(steps.map(({ topic }) => topic));
  for (const step of steps) for (const { name } of step.stores) taken.add(name);
  const claim = (base: string, role: string): string => {
    let name = taken.has(base) ? `${base}-${role}` : base;
    while (taken.has(name)) name = `${name}-${role}`;
    taken.add(name);
    return name;
  };
  return new Map(
    steps.map((step) => {
      const isSource = step.inputs.length === 0;
      const into = claim(step.name, isSource ? 'source' : step.node.shape === 'sink' ? 'sink' : 'processor');
      return [step, { into, out: isSource && step.stores.length > 0 ? claim(step.name, 'table') : into }];
    }),
  );
}
