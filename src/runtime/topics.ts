import type { StoreSpec } from '../dsl/node.ts';
import type { Topology } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import type { Names } from './names.ts';
import { changelogsOf, type Plan, plan, userTopics } from './plan.ts';
import type { Settings } from './settings.ts';
import type { NewTopic, TopicAdmin, TopicDescription } from './transport/transport.ts';

/** Checks the topics the application was given, creates those it needs for itself, and says which tasks there are. */
export async function prepareTopics(
  topology: Topology,
  names: Names,
  admin: TopicAdmin,
  { replicationFactor, sessionTimeout }: Pick<Settings, 'replicationFactor' | 'sessionTimeout'>,
): Promise<Plan> {
  const given = userTopics(topology);
  const own = topology.repartitions.map(({ topic }) => names.repartition(topic));
  const described = await admin.describe([...given, ...own]);
  const missing = given.filter((_, index) => described[index] === undefined);
  if (missing.length > 0) throw missingTopics(missing);
  const counts = described
    .filter((topic) => topic !== undefined)
    .map((topic) => [topic.topic, topic.partitions] as const);
  const planned = plan(topology, names, new Map(counts));
  const needed = internalTopics(topology, names, planned, sessionTimeout);
  const wanted = needed.map(({ topic }) => topic);
  let found = await admin.describe(wanted);
  // Asked for only where it is needed: a user that may not create topics can work on topics that somebody else has made.
  const absent = needed.filter((_, index) => found[index] === undefined);
  if (absent.length > 0) {
    await admin.create(
      absent.map((topic) => (replicationFactor === undefined ? topic : { ...topic, replicationFactor })),
    );
    found = await admin.describe(wanted);
  }
  for (const [index, topic] of needed.entries()) checkInternal(topic, found[index]);
  return planned;
}

function missingTopics(missing: readonly string[]): MillraceError {
  return new MillraceError(
    'UNKNOWN_TOPIC',
    `Topics that the application reads or writes do not exist: ${missing.join(', ')}`,
    {
      expected: 'every source, sink and dead-letter topic on the broker',
      found: `no ${missing.join(', no ')}`,
      next: 'Create them, for instance with kafka-topics.sh --create --topic NAME --partitions N; millrace creates only its own repartition and changelog topics.',
    },
  );
}

/**
 * ms that whoever takes a task over has, beyond the session of the one before, to write again what late records of that one
 * have covered: until then compaction must not take what they cover.
 */
const late = 60_000;

/** Kept longer than the state needs, so that an instance that was away finds what it missed. */
const windowSlack = 24 * 3_600_000;

function internalTopics(topology: Topology, names: Names, planned: Plan, sessionTimeout: number): NewTopic[] {
  const repartitions = topology.repartitions.map(({ topic }) => ({
    topic: names.repartition(topic),
    partitions: planned.partitions.get(names.repartition(topic))!,
    config: { 'cleanup.policy': 'delete', 'retention.ms': '-1' },
  }));
  const changelogs = changelogsOf(topology, planned).map(({ store, partitions }) => ({
    topic: names.changelog(store.name),
    partitions,
    config: { ...changelogConfig(store.spec), 'min.compaction.lag.ms': String(sessionTimeout + late) },
  }));
  return [...repartitions, ...changelogs];
}

function changelogConfig(spec: StoreSpec): Record<string, string> {
  if (spec.kind === 'keyValue') return { 'cleanup.policy': 'compact' };
  return { 'cleanup.policy': 'compact,delete', 'retention.ms': String((spec.retention ?? 0) + windowSlack) };
}

function checkInternal(wanted: NewTopic, found: TopicDescription | undefined): void {
  const { topic } = wanted;
  if (found === undefined) {
    throw new MillraceError('UNKNOWN_TOPIC', 'An internal topic could not be created', {
      topic,
      next: 'Allow this user to create topics, or create it beforehand.',
    });
  }
  if (found.partitions !== wanted.partitions) {
    throw new MillraceError(
      'PARTITIONS_CHANGED',
      'An internal topic has another number of partitions than its state needs',
      {
        topic,
        expected: `${wanted.partitions}`,
        found: `${found.partitions}`,
        next: "The source's partitions were changed after state was built. Bring the counts back, or reset the application: delete its internal topics and state folder.",
      },
    );
  }
  const policy = found.config['cleanup.policy'];
  const expected = wanted.config?.['cleanup.policy'];
  if (policy !== undefined && expected !== undefined && sorted(policy) !== sorted(expected)) {
    throw new MillraceError(
      'INTERNAL_TOPIC_MISMATCH',
      'An internal topic is cleaned up in another way than it must be',
      {
        topic,
        expected: `cleanup.policy=${expected}`,
        found: `cleanup.policy=${policy}`,
        next: 'If the step that keeps its state there was given windows, or lost them, give it another name. Else set the policy with kafka-configs.sh --alter, unless records have been lost already: then reset the application.',
      },
    );
  }
}

const sorted = (list: string): string =>
  list
    .split(',')
    .map((word) => word.trim())
    .sort()
    .join(',');
