/* As it was in src/runtime when workers spoke format 2, kept to hold the present one against it. */

import { MillraceError } from '../../../../src/errors.ts';
import type { TaskPlan } from '../../../../src/runtime/plan.ts';
import type { Assignment } from '../../../../src/runtime/transport/transport.ts';

/**
 * What workers tell each other when their group rebalances, as JSON. In everything that is written, `version` is the oldest
 * format that a reader has to know to understand it, so it grows only when the meaning of a field changes; `writer` is the
 * format of the worker that wrote it. Fields that a reader does not know it leaves alone: workers of two versions can share
 * a group while an upgrade rolls through it, whichever of them leads.
 */
const oldestReader = 1;
const writer = 2;

/** What a worker tells the one that leads. */
export interface MemberInfo {
  /** Tasks it runs, or ran until this rebalance: they stay where they are if the balance allows. */
  readonly running: readonly string[];
  /** How much of a task's state is on its machine: the offset reached in its changelogs, summed up. Since 2. */
  readonly positions: ReadonlyMap<string, number>;
}

export function encodeInfo({ running, positions }: MemberInfo): Buffer {
  const stored = [...positions.keys()]; // all that format 1 knows of positions
  return encode({ running, stored, positions: Object.fromEntries(positions) });
}

export function decodeInfo(metadata: Buffer): MemberInfo {
  const { running, stored, positions } = decode(metadata, 'A member of the group') as {
    running: string[];
    stored: string[];
    positions?: Record<string, number>;
  };
  // A worker of format 1 does not say how much it has: little, then, but more than nothing.
  const known = positions === undefined ? stored.map((id) => [id, 1] as const) : Object.entries(positions);
  return { running, positions: new Map(known) };
}

/** What a worker is told by the one that leads: the tasks it runs, and by whose plan. */
export interface TaskAssignment {
  readonly tasks: readonly string[];
  /** Of the leader that made it, '' where it does not say; since 2. */
  readonly plan: string;
}

export function toAssignment(tasks: readonly TaskPlan[], plan: string): Assignment {
  const partitions = tasks.flatMap((task) =>
    task.topics.map((topic) => ({ topic, partition: task.partition })),
  );
  return { partitions, metadata: encode({ tasks: tasks.map(({ id }) => id), plan }) };
}

export function tasksIn({ metadata }: Assignment): TaskAssignment {
  if (metadata.length === 0) return { tasks: [], plan: '' };
  const { tasks, plan = '' } = decode(metadata, 'The leader of the group') as {
    tasks: string[];
    plan?: string;
  };
  return { tasks, plan };
}

function encode(fields: object): Buffer {
  return Buffer.from(JSON.stringify({ version: oldestReader, writer, ...fields }));
}

function decode(metadata: Buffer, who: string): object {
  let found: { version?: unknown };
  try {
    found = JSON.parse(metadata.toString()) as { version?: unknown };
  } catch (cause) {
    throw notUnderstood(who, 'something that is no JSON', cause);
  }
  if (typeof found?.version !== 'number') throw notUnderstood(who, 'something without a version');
  if (found.version > writer) throw notUnderstood(who, `version ${found.version}`);
  return found;
}

function notUnderstood(who: string, found: string, cause?: unknown): MillraceError {
  return new MillraceError('UNSUPPORTED_CLIENT', `${who} speaks a newer protocol than this worker`, {
    cause,
    expected: `at most version ${writer}`,
    found,
    next: 'Upgrade the oldest workers of the application first, and let nothing else join its group.',
  });
}
