/* src/runtime/assigner.ts as it was when workers spoke format 1, kept to hold the present one against it. */

import { MillraceError } from '../../../../src/errors.ts';
import type { TaskPlan } from '../../../../src/runtime/plan.ts';
import type { Assignment, MemberMetadata } from '../../../../src/runtime/transport/transport.ts';

/** What a member tells the leader when it joins. `version` grows when the meaning of a field changes. */
export interface MemberInfo {
  readonly version: 1;
  /** Tasks it runs, or ran until this rebalance: they stay where they are if the balance allows. */
  readonly running: readonly string[];
  /** Tasks whose state it has on disk. */
  readonly stored: readonly string[];
}

export function encodeInfo(info: MemberInfo): Buffer {
  return Buffer.from(JSON.stringify(info));
}

function decodeInfo(metadata: Buffer): MemberInfo {
  const info = JSON.parse(metadata.toString()) as MemberInfo;
  if (info.version !== 1) {
    throw new MillraceError('UNSUPPORTED_CLIENT', 'A member of the group speaks a newer protocol', {
      expected: 'version 1',
      found: `version ${info.version}`,
      next: 'Upgrade the oldest workers of the application first.',
    });
  }
  return info;
}

/**
 * Spreads tasks over members: as even as can be, sub-topology by sub-topology; a task goes to who runs it, else to who
 * has its state, else to who has least. All partitions of a task go together: that is what joins rely on.
 */
export function assignTasks(
  tasks: readonly TaskPlan[],
  members: readonly MemberMetadata[],
): Map<string, readonly TaskPlan[]> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const infos = sorted.map(({ memberId, metadata }) => ({ memberId, ...decodeInfo(metadata) }));
  const given = new Map<string, TaskPlan[]>(infos.map(({ memberId }) => [memberId, []]));
  const least = Math.floor(tasks.length / infos.length);
  let extra = tasks.length % infos.length;
  const room = (memberId: string): boolean => {
    const { length } = given.get(memberId)!;
    return length < least || (length === least && extra > 0);
  };
  const give = (task: TaskPlan, memberId: string): void => {
    const mine = given.get(memberId)!;
    if (mine.length === least) extra--;
    mine.push(task);
  };
  const keep = (wants: (info: MemberInfo) => readonly string[], left: readonly TaskPlan[]): TaskPlan[] =>
    left.filter((task) => {
      const owner = infos.find((info) => wants(info).includes(task.id) && room(info.memberId));
      if (owner !== undefined) give(task, owner.memberId);
      return owner === undefined;
    });
  const homeless = keep(
    (info) => info.stored,
    keep((info) => info.running, tasks),
  );
  for (const task of homeless) {
    const open = infos.filter(({ memberId }) => room(memberId));
    open.sort((a, b) => weight(given.get(a.memberId)!, task) - weight(given.get(b.memberId)!, task));
    give(task, open[0]!.memberId);
  }
  return given;
}

/** Fewest tasks first; among equals the one with fewest of the same sub-topology, as these are equally heavy. */
function weight(mine: readonly TaskPlan[], task: TaskPlan): number {
  return mine.length * 1000 + mine.filter(({ subtopology }) => subtopology === task.subtopology).length;
}

export function toAssignment(tasks: readonly TaskPlan[]): Assignment {
  const partitions = tasks.flatMap((task) =>
    task.topics.map((topic) => ({ topic, partition: task.partition })),
  );
  return {
    partitions,
    metadata: Buffer.from(JSON.stringify({ version: 1, tasks: tasks.map(({ id }) => id) })),
  };
}

export function tasksIn({ metadata }: Assignment): readonly string[] {
  if (metadata.length === 0) return [];
  return (JSON.parse(metadata.toString()) as { tasks: string[] }).tasks;
}
