import type { WindowSpec } from '../node.ts';
import type { Step, Topology } from '../topology.ts';
import { storesReadBy, writersTo } from './links.ts';
import { shortDuration } from './shortDuration.ts';

/**
 * The topology as a Mermaid flowchart: topics as rounded nodes between the sub-topologies, these as subgraphs, stores as
 * cylinders, repartition topics dashed. Dotted arrows lead from a table's store to the joins that look into it and from
 * sources to their dead letters.
 */
export function describeMermaid(topology: Topology): string {
  const ids = new Ids();
  const steps = [...topology.subtopologies.flatMap((piece) => piece.steps), ...topology.globalTables];
  const internal = new Set(topology.repartitions.map(({ topic }) => topic));
  return [
    'flowchart LR',
    ...topicsOf(steps).map((topic) => topicNode(topic, internal.has(topic), ids)),
    ...topology.subtopologies.flatMap(({ name, steps: own }, index) => subgraph(`p${index}`, name, own, ids)),
    ...topology.globalTables.flatMap((table, index) =>
      subgraph(`g${index}`, `${table.name}, on every worker`, [table], ids),
    ),
    ...steps.flatMap((step) => edges(step, ids)),
    'classDef internal stroke-dasharray: 5 5',
    '',
  ].join('\n');
}

/** Ids that Mermaid takes whatever the names are, which stay in the labels. */
class Ids {
  readonly #known = new Map<Step | string, string>();

  of(kind: 'topic' | 'store' | 'step', thing: Step | string): string {
    const key = typeof thing === 'string' ? `${kind} ${thing}` : thing;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = `${kind}${this.#known.size}`;
    this.#known.set(key, id);
    return id;
  }
}

function topicsOf(steps: readonly Step[]): readonly string[] {
  const dead = steps.map(deadLetters);
  return [...new Set([...steps.map(({ topic }) => topic), ...dead])].filter((topic) => topic !== undefined);
}

function deadLetters({ operator }: Step): string | undefined {
  const policy = operator.source?.onError;
  return typeof policy === 'object' ? policy.deadLetters : undefined;
}

function topicNode(topic: string, internal: boolean, ids: Ids): string {
  return `${ids.of('topic', topic)}([${label(topic)}])${internal ? ':::internal' : ''}`;
}

function subgraph(id: string, title: string, steps: readonly Step[], ids: Ids): string[] {
  return [
    `subgraph ${id}[${label(title)}]`,
    ...steps.flatMap((step) => [
      `  ${ids.of('step', step)}[${label(...words(step))}]`,
      ...step.stores.map(({ name }) => `  ${ids.of('store', name)}[(${label(name)})]`),
    ]),
    'end',
  ];
}

/** What a step is and what the user called it; the path that is its name otherwise can be seen. */
function words({ node, operator, topic }: Step): string[] {
  const lines = [operator.kind];
  if (node.name !== undefined) lines.push(node.name);
  if (node.shape === 'windowed' && node.window !== undefined) lines.push(windowText(node.window));
  if (node.emitOnClose) lines.push('emitted when closed');
  if (node.shape === 'sink' && topic === undefined) lines.push('topic chosen per record');
  return lines;
}

function windowText(window: WindowSpec): string {
  const { kind, grace } = window;
  const parts = [`${kind} ${shortDuration(lengthOf(window))}`];
  if ('advance' in window && window.advance !== window.size)
    parts.push(`every ${shortDuration(window.advance)}`);
  if (grace > 0) parts.push(`grace ${shortDuration(grace)}`);
  if ('offset' in window && window.offset > 0) parts.push(`offset ${shortDuration(window.offset)}`);
  return parts.join(', ');
}

function lengthOf(window: WindowSpec): number {
  if (window.kind === 'session') return window.gap;
  return window.kind === 'sliding' ? window.difference : window.size;
}

function edges(step: Step, ids: Ids): string[] {
  const id = ids.of('step', step);
  const dead = deadLetters(step);
  const lines = writersTo(step).map((writer) => `${ids.of('step', writer)} --> ${id}`);
  if (step.topic !== undefined) {
    const topic = ids.of('topic', step.topic);
    lines.push(step.node.shape === 'sink' ? `${id} --> ${topic}` : `${topic} --> ${id}`);
  }
  if (dead !== undefined) lines.push(`${id} -. unreadable .-> ${ids.of('topic', dead)}`);
  for (const { name } of step.stores) lines.push(`${id} --- ${ids.of('store', name)}`);
  for (const name of storesReadBy(step)) lines.push(`${ids.of('store', name)} -.-> ${id}`);
  return lines;
}

/** Quoted, with everything escaped that Mermaid or the Markdown in its labels could take for its own. */
function label(...lines: string[]): string {
  return `"${lines.map(escaped).join('<br/>')}"`;
}

function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N}_., -]|(?<![\p{L}\p{N}])[_-]|_(?![\p{L}\p{N}])/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 ? ' ' : `#${code};`;
  });
}
