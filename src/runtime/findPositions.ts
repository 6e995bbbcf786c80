import type { SourceSpec } from '../dsl/node.ts';
import { MillraceError } from '../errors.ts';
import { type Clock, delay } from './clock.ts';
import { type CommitMeta, decodeOffsetMetadata, decodeStreamTime } from './commitMeta.ts';
import type { TaskPlan } from './plan.ts';
import type { CommittedOffset, Transport } from './transport/transport.ts';

export interface PositionParts {
  readonly task: TaskPlan;
  readonly group: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Where a source begins that has no position yet. */
  readonly resetOf: (topic: string) => SourceSpec['reset'];
  /** Exactly-once commits state and offsets together; at-least-once may have lost the offsets of the last commit. */
  readonly exactlyOnce: boolean;
  /** The task keeps state: then offsets without a commit in the changelog mean that the changelog is gone. */
  readonly stateful: boolean;
}

export interface Positions {
  /** Next offset to read, by topic. */
  readonly offsets: ReadonlyMap<string, number>;
  /** The group has not been told yet: a crash came between state and offsets. Nothing depends on it but who watches lag. */
  readonly untold: boolean;
  /** Of the last commit; -1 when there was none. */
  readonly streamTime: number;
}

/** How long committed offsets may take to become visible after the transaction that holds them. */
const visibleWithin = 30_000;

/**
 * Where each topic of a task goes on. State and positions belong together, so the state's own record of them decides; the
 * group's committed offsets are asked as a witness, and where there is no state, for the answer.
 */
export async function findPositions(
  parts: PositionParts,
  commit: CommitMeta | undefined,
): Promise<Positions> {
  const { task, transport, group, clock } = parts;
  const partitions = task.topics.map((topic) => ({ topic, partition: task.partition }));
  const deadline = clock.monotonic() + visibleWithin;
  for (;;) {
    const committed = await transport.committed(group, partitions);
    if (commit === undefined || commit.incarnation === '') {
      const streamTime = Math.max(-1, ...committed.map((found) => decodeStreamTime(found?.metadata ?? '')));
      return { offsets: await fromGroup(parts, committed), untold: false, streamTime };
    }
    const behind = task.topics.filter((topic, index) => !agrees(parts, topic, committed[index], commit));
    if (behind.length === 0) {
      const offsets = await fromState(parts, commit);
      const untold = task.topics.some((topic, index) => offsets.get(topic) !== committed[index]?.offset);
      return { offsets, untold, streamTime: commit.streamTime };
    }
    if (clock.monotonic() > deadline)
      throw moved(parts, behind[0]!, committed[task.topics.indexOf(behind[0]!)], commit);
    await delay(clock, 200, parts.signal);
  }
}

/** false: the group's offset is older than the state, and may yet become visible. Throws when it can never be right. */
function agrees(
  parts: PositionParts,
  topic: string,
  committed: CommittedOffset | undefined,
  commit: CommitMeta,
): boolean {
  const position = commit.positions[topic];
  if (committed === undefined || position === undefined) return true; // expired, or a topic that is new in the topology
  const witness = decodeOffsetMetadata(committed.metadata);
  if (witness === undefined || witness.incarnation !== commit.incarnation) {
    if (committed.offset === position) return true;
    throw moved(parts, topic, committed, commit);
  }
  if (witness.sequence > commit.sequence) throw lostChanges(parts, topic, witness.sequence, commit.sequence);
  return witness.sequence === commit.sequence || !parts.exactlyOnce;
}

async function fromState(parts: PositionParts, commit: CommitMeta): Promise<Map<string, number>> {
  const { task } = parts;
  const fresh = task.topics.filter((topic) => commit.positions[topic] === undefined);
  const positions = await startOf(parts, fresh);
  for (const topic of task.topics) {
    const position = commit.positions[topic];
    if (position !== undefined) positions.set(topic, position);
  }
  return positions;
}

async function fromGroup(
  parts: PositionParts,
  committed: readonly (CommittedOffset | undefined)[],
): Promise<Map<string, number>> {
  const fresh = parts.task.topics.filter((_, index) => committed[index] === undefined);
  parts.task.topics.forEach((topic, index) => {
    const witness = decodeOffsetMetadata(committed[index]?.metadata ?? '');
    if (parts.stateful && witness !== undefined) throw lostChanges(parts, topic, witness.sequence, 0);
  });
  const positions = await startOf(parts, fresh);
  parts.task.topics.forEach((topic, index) => {
    const offset = committed[index]?.offset;
    if (offset !== undefined) positions.set(topic, offset);
  });
  return positions;
}

async function startOf(parts: PositionParts, topics: readonly string[]): Promise<Map<string, number>> {
  const { admin } = parts.transport;
  const { partition } = parts.task;
  const starts = topics.map(async (topic) => {
    const reset = parts.resetOf(topic);
    const of = [{ topic, partition }];
    if (reset === 'earliest') return admin.startOffsets(of);
    if (reset === 'latest') return admin.endOffsets(of, 'committed');
    return admin.offsetsAt(of, Math.max(0, parts.clock.now() - reset.ago));
  });
  const found = await Promise.all(starts);
  return new Map(topics.map((topic, index) => [topic, found[index]![0]!]));
}

function moved(
  { task, group }: PositionParts,
  topic: string,
  committed: CommittedOffset | undefined,
  commit: CommitMeta,
): MillraceError {
  return new MillraceError(
    'OFFSETS_MOVED',
    `The offsets of group ${group} and the state of the task do not belong together`,
    {
      topic,
      partition: task.partition,
      expected: `offset ${commit.positions[topic]}, as in commit ${commit.sequence} of the state`,
      found: `offset ${committed?.offset ?? 'none'} ${committed?.metadata ?? ''}`.trim(),
      next: 'Somebody moved the offsets by hand. Put them back, or reset offsets and state together: delete the internal topics and the state folder.',
    },
  );
}

function lostChanges(
  { task }: PositionParts,
  topic: string,
  committed: number,
  found: number,
): MillraceError {
  return new MillraceError('OFFSETS_MOVED', 'The changelog lacks commits that the group has offsets of', {
    topic,
    partition: task.partition,
    expected: `state of commit ${committed}`,
    found: `state of commit ${found}`,
    next: 'The changelog topic lost acknowledged records (an unclean leader election, or deleted and created anew). Restore it, or reset the application.',
  });
}
