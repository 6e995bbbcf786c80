import { MillraceError } from '../../errors.ts';
import type { TaskPlan } from '../plan.ts';
import type { Assignment } from '../transport/transport.ts';

/**
 * What workers tell each other when their group rebalances, as JSON. In everything that is written, `version` is the oldest
 * format that a reader has to know to understand it, so it grows only when the meaning of a field changes; `writer` is the
 * format of the worker that wrote it. Fields that a reader does not know it leaves alone: workers of two versions can share
 * a group while an upgrade rolls through it, whichever of them leads.
 */
const oldestReader = 1;
const writer = 3;

/** What a worker tells the one that leads. */
export interface MemberInfo {
  /** Tasks it runs, or ran until this rebalance: they stay where they are if the balance allows. */
  readonly running: readonly string[];
  /** How much of a task's state is on its machine: the offset reached in its changelogs, summed up. Since 2. */
  readonly positions: ReadonlyMap<string, number>;
  /** Tasks whose changelogs it follows. Since 3. */
  readonly standbys: readonly string[];
  /** As brokers name racks; '' where it was not told. Since 3. */
  readonly rack: string;
  /** The same for workers that share a state folder, which can hold the state of a task only once. Since 3. */
  readonly place: string;
}

/** What the one that leads knows of a worker. */
export interface KnownMember extends MemberInfo {
  /** It does what an assignment says of standbys; one of a version before 3 would leave it alone. */
  readonly keepsStandbys: boolean;
}

export function encodeInfo({ positions, ...info }: MemberInfo): Buffer {
  const stored = [...positions.keys()]; // all that format 1 knows of positions
  return encode({ ...info, stored, positions: Object.fromEntries(positions) });
}

export function decodeInfo(metadata: Buffer): KnownMember {
  const said = decode(metadata, 'A member of the group') as {
    running: string[];
    stored: string[];
    positions?: Record<string, number>;
    standbys?: string[];
    rack?: string;
    place?: string;
  };
  const { running, stored, positions, standbys, rack = '', place = '' } = said;
  // A worker of format 1 does not say how much it has: little, then, but more than nothing.
  const known = positions === undefined ? stored.map((id) => [id, 1] as const) : Object.entries(positions);
  const keepsStandbys = standbys !== undefined;
  return { running, positions: new Map(known), standbys: standbys ?? [], rack, place, keepsStandbys };
}

/** What a worker has to do. */
export interface Given<T> {
  /** To run. */
  readonly tasks: readonly T[];
  /** To follow, so that it could go on with them; `warmups` as well. Since 3. */
  readonly standbys: readonly T[];
  /** To follow until it has nearly caught up: then it says so by rejoining, and they move to it. Since 3. */
  readonly warmups: readonly T[];
}

/** What a worker is told by the one that leads, and by whose plan. */
export interface TaskAssignment extends Given<string> {
  /** Of the leader that made it, '' where it does not say; since 2. */
  readonly plan: string;
}

export function toAssignment({ tasks, standbys, warmups }: Given<TaskPlan>, plan: string): Assignment {
  const partitions = tasks.flatMap((task) =>
    task.topics.map((topic) => ({ topic, partition: task.partition })),
  );
  const said = { tasks: idsOf(tasks), standbys: idsOf(standbys), warmups: idsOf(warmups), plan };
  return { partitions, metadata: encode(said) };
}

const idsOf = (plans: readonly TaskPlan[]): string[] => plans.map(({ id }) => id);

export function tasksIn({ metadata }: Assignment): TaskAssignment {
  if (metadata.length === 0) return { tasks: [], standbys: [], warmups: [], plan: '' };
  const said = decode(metadata, 'The leader of the group') as Partial<TaskAssignment>;
  const { tasks = [], standbys = [], warmups = [], plan = '' } = said;
  return { tasks, standbys, warmups, plan };
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
