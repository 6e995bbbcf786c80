import { MillraceError } from '../errors.ts';
import { type Clock, delay } from './clock.ts';
import type { Plan } from './plan.ts';
import type { TopicAdmin, TopicPartition } from './transport/transport.ts';

/** ms between two rounds; the first comes soon, so that a right that is missing is told at start. */
const every = 30_000;
const first = 2_000;

export interface HousekeepingParts {
  readonly plan: Plan;
  readonly admin: TopicAdmin;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Repartition topics up to where this worker's tasks have committed. */
  readonly done: () => readonly (TopicPartition & { readonly before: number })[];
}

/**
 * What a worker looks after now and then: repartition topics are purged of what has been processed, since nobody else may
 * read them; and topics that got more partitions while it runs end it, for records of a key would be in two tasks.
 */
export async function housekeeping(parts: HousekeepingParts): Promise<void> {
  const { clock, signal } = parts;
  const purged = new Map<string, number>();
  for (let pause = first; ; pause = every) {
    await delay(clock, pause, signal);
    try {
      await checkPartitions(parts);
      await purge(parts, purged);
    } catch (error) {
      // All else can wait for the next round: a broker that is away is told by whoever reads and writes.
      if (error instanceof MillraceError && !endsWorker.has(error.code) && !signal.aborted) continue;
      throw error;
    }
  }
}

const endsWorker: ReadonlySet<string> = new Set(['UNKNOWN_TOPIC', 'PARTITIONS_CHANGED', 'NOT_AUTHORIZED']);

async function checkPartitions({ plan, admin }: HousekeepingParts): Promise<void> {
  const read = [...new Set(plan.tasks.flatMap(({ topics }) => topics))];
  const described = await admin.describe(read);
  for (const [index, topic] of read.entries()) {
    const expected = plan.partitions.get(topic);
    const found = described[index]?.partitions;
    if (found === undefined) {
      throw new MillraceError('UNKNOWN_TOPIC', 'A topic was deleted while it was being read', {
        topic,
        next: 'Create it again; if state was built from it, reset the application first.',
      });
    }
    if (found === expected) continue;
    throw new MillraceError(
      'PARTITIONS_CHANGED',
      'The number of partitions has changed while the topic was being read',
      {
        topic,
        expected: `${expected}`,
        found: `${found}`,
        next: 'An application without state only needs to be started again. One with state has it divided by the old number: reset it, or read a new topic with the new number.',
      },
    );
  }
}

async function purge({ admin, done }: HousekeepingParts, purged: Map<string, number>): Promise<void> {
  const key = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
  const due = done().filter((position) => position.before > (purged.get(key(position)) ?? 0));
  if (due.length === 0) return;
  await admin.deleteRecords(due);
  for (const position of due) purged.set(key(position), position.before);
}
