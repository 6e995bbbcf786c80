import { createHash } from 'node:crypto';
import type { NamedStore, Step, Subtopology, Topology } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import type { Names } from './names.ts';

/** A topology on a certain broker: how many tasks there are and what each reads. */
export interface Plan {
  readonly tasks: readonly TaskPlan[];
  /** By topic, as the broker knows it. */
  readonly partitions: ReadonlyMap<string, number>;
  /** The same for workers that have the same tasks, which read the same. */
  readonly fingerprint: string;
}

export interface TaskPlan {
  readonly id: string;
  readonly subtopology: Subtopology;
  readonly partition: number;
  /** Topics that have this partition. */
  readonly topics: readonly string[];
}

/** Counts of the partitions of topics that exist, by the name the broker knows. */
export type PartitionCounts = ReadonlyMap<string, number>;

/** Decides partition counts of the repartition topics and checks that what is joined is partitioned alike. */
export function plan(topology: Topology, names: Names, existing: PartitionCounts): Plan {
  const partitions = new Map(existing);
  for (const subtopology of topology.subtopologies) {
    decideRepartitions(topology, subtopology, names, partitions);
    for (const topics of subtopology.copartitioned)
      checkCopartitioned(topics, subtopology, names, partitions);
  }
  const tasks = topology.subtopologies.flatMap((piece) => tasksOf(piece, names, partitions));
  return { tasks, partitions, fingerprint: fingerprintOf(tasks) };
}

function fingerprintOf(tasks: readonly TaskPlan[]): string {
  const said = JSON.stringify(tasks.map(({ id, topics }) => [id, ...topics]));
  return createHash('sha256').update(said).digest('hex').slice(0, 16);
}

function decideRepartitions(
  topology: Topology,
  subtopology: Subtopology,
  names: Names,
  partitions: Map<string, number>,
): void {
  for (const source of subtopology.sources) {
    if (source.internal !== true) continue;
    const { partitions: wanted, upstream } = topology.repartitions.find(
      ({ topic }) => topic === source.topic,
    )!;
    const joined = subtopology.copartitioned.filter((topics) => topics.includes(source.topic!)).flat();
    const known = (topics: readonly string[]): number =>
      Math.max(0, ...topics.map((topic) => partitions.get(realName(topic, topology, names)) ?? 0));
    const others = joined.filter((topic) => topic !== source.topic);
    const decided = wanted ?? (known(others) || known(upstream) || 1);
    const topic = names.repartition(source.topic!);
    const found = partitions.get(topic);
    if (found !== undefined && found !== decided) throw partitionsChanged(topic, decided, found);
    partitions.set(topic, decided);
  }
}

const isInternal = (topic: string, topology: Topology): boolean =>
  topology.repartitions.some((repartition) => repartition.topic === topic);

const realName = (topic: string, topology: Topology, names: Names): string =>
  isInternal(topic, topology) ? names.repartition(topic) : topic;

function checkCopartitioned(
  topics: readonly string[],
  subtopology: Subtopology,
  names: Names,
  partitions: PartitionCounts,
): void {
  const counts = topics.map((topic) => {
    const source = subtopology.sources.find((step) => step.topic === topic)!;
    return { topic: names.topic(source), partitions: partitions.get(names.topic(source)) };
  });
  if (new Set(counts.map((count) => count.partitions)).size <= 1) return;
  throw new MillraceError(
    'PARTITION_MISMATCH',
    'Topics that are joined have different numbers of partitions',
    {
      expected: 'the same number of partitions, so that equal keys meet in one task',
      found: counts.map((count) => `${count.topic}: ${count.partitions}`).join(', '),
      next: 'Send one side through repartition({ partitions }), or recreate the smaller topic with as many partitions as the other.',
    },
  );
}

function partitionsChanged(topic: string, expected: number, found: number): MillraceError {
  return new MillraceError('PARTITIONS_CHANGED', 'A topic has another number of partitions than is needed', {
    topic,
    expected: `${expected}`,
    found: `${found}`,
    next: 'State was divided by the old number. Bring the counts back together, or reset the application: delete its internal topics and state folder.',
  });
}

function tasksOf(subtopology: Subtopology, names: Names, partitions: PartitionCounts): TaskPlan[] {
  const topics = [...new Set(subtopology.sources.map((source) => names.topic(source)))];
  const count = Math.max(...topics.map((topic) => partitions.get(topic) ?? 0));
  return Array.from({ length: count }, (_, partition) => ({
    id: names.task(subtopology.name, partition),
    subtopology,
    partition,
    topics: topics.filter((topic) => partition < (partitions.get(topic) ?? 0)),
  }));
}

/** Every store of the topology with the number of partitions its changelog needs. */
export function changelogsOf(
  topology: Topology,
  { tasks }: Plan,
): readonly { readonly store: NamedStore; readonly partitions: number }[] {
  return topology.subtopologies.flatMap((subtopology) => {
    const count = tasks.filter((task) => task.subtopology === subtopology).length;
    return subtopology.stores.map((store) => ({ store, partitions: count }));
  });
}

/** Topics the application reads or writes and does not create itself. */
export function userTopics(topology: Topology): readonly string[] {
  const steps = [...topology.subtopologies.flatMap((piece) => piece.steps), ...topology.globalTables];
  const fixed = steps
    .filter((step) => step.internal !== true && step.topic !== undefined)
    .map((step) => step.topic!);
  return [...new Set([...fixed, ...steps.flatMap(deadLetters)])];
}

function deadLetters(step: Step): string[] {
  const policy = step.operator.source?.onError;
  // Topics that a function chooses are not known before it does.
  return typeof policy === 'object' ? [policy.deadLetters] : [];
}
