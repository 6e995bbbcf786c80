import { MillraceError } from '../../errors.ts';
import type { NamedStore, RepartitionTopic, Step, Subtopology, Topology } from '../topology.ts';
import type { Crossing, Draft } from './link.ts';

/** Cuts the steps into the pieces that only topics connect. */
export function split(drafts: readonly Draft[]): Topology {
  const steps = freeze(drafts);
  const globals = drafts.filter(isGlobal);
  const local = drafts.filter((draft) => !isGlobal(draft));
  const groups = group(local);
  const subtopologies = groups.map((members) => subtopology(members, steps));
  return Object.freeze({
    subtopologies: upstreamFirst(subtopologies),
    globalTables: globals.map((draft) => steps.get(draft)!),
    repartitions: crossingsOf(drafts).map((crossing) => repartitionTopic(crossing, groups)),
  });
}

const isGlobal = (draft: Draft): boolean => draft.node.shape === 'globalTable';

function topicOf(draft: Draft): string | undefined {
  if (draft.crossing !== undefined) return draft.crossing.topic;
  if (draft.operator.source !== undefined) return draft.operator.source.topic;
  const topic = draft.operator.sink?.topic;
  return typeof topic === 'string' ? topic : undefined;
}

const isSource = (draft: Draft): boolean => draft.inputs.length === 0;

function freeze(drafts: readonly Draft[]): ReadonlyMap<Draft, Step> {
  const steps = new Map<Draft, Step>();
  for (const draft of drafts) {
    const stores = (draft.operator.stores ?? []).map((spec): NamedStore => {
      const name = spec.suffix === '' ? draft.path : `${draft.path}-${spec.suffix}`;
      return Object.freeze({ name, step: draft.name, spec });
    });
    steps.set(
      draft,
      Object.freeze({
        name: draft.name,
        node: draft.node,
        operator: draft.operator,
        inputs: Object.freeze(draft.inputs.map((input) => steps.get(input)!)),
        stores: Object.freeze(stores),
        topic: topicOf(draft),
        ...(draft.crossing === undefined ? {} : { internal: true as const }),
      }),
    );
  }
  return steps;
}

/** Steps that hand each other messages, or read the same topic (each of its partitions has one reader), belong together. */
function group(drafts: readonly Draft[]): Draft[][] {
  const root = new Map<Draft, Draft>(drafts.map((draft) => [draft, draft]));
  const find = (draft: Draft): Draft => {
    let top = draft;
    while (root.get(top) !== top) top = root.get(top)!;
    root.set(draft, top);
    return top;
  };
  const readers = new Map<string, Draft>();
  for (const draft of drafts) {
    for (const input of draft.inputs) if (!isGlobal(input)) root.set(find(draft), find(input));
    if (!isSource(draft)) continue;
    const topic = topicOf(draft)!;
    const other = readers.get(topic);
    if (other === undefined) readers.set(topic, draft);
    else root.set(find(draft), find(other));
  }
  const groups = new Map<Draft, Draft[]>();
  for (const draft of drafts) {
    const top = find(draft);
    groups.set(top, [...(groups.get(top) ?? []), draft]);
  }
  return [...groups.values()];
}

function subtopology(members: readonly Draft[], steps: ReadonlyMap<Draft, Step>): Subtopology {
  const sources = members.filter(isSource);
  const topics = sources.map((source) => topicOf(source)!).sort();
  return Object.freeze({
    name: topics[0]!,
    steps: Object.freeze(members.map((member) => steps.get(member)!)),
    sources: Object.freeze(sources.map((source) => steps.get(source)!)),
    stores: Object.freeze(members.flatMap((member) => steps.get(member)!.stores)),
    copartitioned: Object.freeze(members.filter(joins).map((member) => sourcesOf(member))),
  });
}

const joins = (draft: Draft): boolean => {
  const inputs = draft.inputs.filter((input) => !isGlobal(input));
  return draft.operator.keyed === true && inputs.length > 1;
};

/** Topics from which records reach a step inside its sub-topology. */
function sourcesOf(draft: Draft): readonly string[] {
  const topics = new Set<string>();
  const before = [...draft.inputs];
  for (let step = before.pop(); step !== undefined; step = before.pop()) {
    if (isSource(step) && !isGlobal(step)) topics.add(topicOf(step)!);
    before.push(...step.inputs);
  }
  return [...topics].sort();
}

const crossingsOf = (drafts: readonly Draft[]): Crossing[] =>
  drafts
    .filter((draft) => draft.crossing !== undefined && draft.operator.sink !== undefined)
    .map(({ crossing }) => crossing!);

function repartitionTopic(crossing: Crossing, groups: readonly (readonly Draft[])[]): RepartitionTopic {
  const home = groups.find((members) => members.includes(crossing.from))!;
  return Object.freeze({
    topic: crossing.topic,
    partitions: crossing.partitions,
    upstream: home.filter(isSource).map((source) => topicOf(source)!),
    key: crossing.key,
    value: crossing.value,
  });
}

function upstreamFirst(subtopologies: readonly Subtopology[]): readonly Subtopology[] {
  const left = new Set(subtopologies);
  const ordered: Subtopology[] = [];
  const writes = (other: Subtopology, topics: ReadonlySet<string | undefined>): boolean =>
    other.steps.some((step) => step.node.shape === 'sink' && topics.has(step.topic));
  while (left.size > 0) {
    const ready = [...left].filter((candidate) => {
      const reads = new Set(candidate.sources.map((source) => source.topic));
      return ![...left].some((other) => other !== candidate && writes(other, reads));
    });
    // A loop through topics is allowed; it has no first piece, so any will do.
    for (const next of ready.length > 0 ? ready : [...left].slice(0, 1)) {
      left.delete(next);
      ordered.push(next);
    }
  }
  return Object.freeze(ordered);
}

/** Store names must be apart, and stay so on file systems and brokers that ignore case. */
export function checkStoreNames(topology: Topology): void {
  const seen = new Map<string, NamedStore>();
  for (const store of topology.subtopologies.flatMap(({ stores }) => stores)) {
    const { name, step } = store;
    const other = seen.get(name.toLowerCase());
    if (other !== undefined) {
      const what =
        other.name === name ? `have the name ${name}` : `differ only by case: ${other.name} and ${name}`;
      throw new MillraceError('AMBIGUOUS_NAME', `Two stores ${what}`, {
        step,
        expected: 'names that stay different when case is ignored',
        found: `stores of ${other.step} and ${step}`,
        next: 'Rename one of the steps.',
      });
    }
    seen.set(name.toLowerCase(), store);
  }
}
