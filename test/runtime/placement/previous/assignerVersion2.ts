/* As it was in src/runtime when workers spoke format 2, kept to hold the present one against it. */

import type { TaskPlan } from '../../../../src/runtime/plan.ts';
import type { MemberMetadata } from '../../../../src/runtime/transport/transport.ts';
import { decodeInfo } from './groupProtocolVersion2.ts';

interface Member {
  readonly id: string;
  readonly running: ReadonlySet<string>;
  readonly positions: ReadonlyMap<string, number>;
  readonly tasks: TaskPlan[];
}

/**
 * Spreads tasks over members. In this order: as even as can be, within one of each other; nothing moves that need not; what
 * has to move goes to who has most of its state; sub-topologies, which weigh differently, are spread evenly too. The same
 * tasks and members always give the same. All partitions of a task go together: that is what joins rely on.
 */
export function assignTasks(
  tasks: readonly TaskPlan[],
  members: readonly MemberMetadata[],
): Map<string, readonly TaskPlan[]> {
  const sorted = members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1)).map(memberOf);
  for (const task of tasks) runnerOf(task, sorted)?.tasks.push(task);
  const room = new Room(tasks.length, sorted);
  const kept = new Set(sorted.flatMap((member) => member.tasks));
  const homeless = giveByState(
    tasks.filter((task) => !kept.has(task)),
    sorted,
    room,
  );
  for (const task of homeless) room.give(task, lightest(task, sorted, room));
  return new Map(sorted.map(({ id, tasks: mine }) => [id, mine]));
}

function memberOf({ memberId, metadata }: MemberMetadata): Member {
  const { running, positions } = decodeInfo(metadata);
  return { id: memberId, running: new Set(running), positions, tasks: [] };
}

/** Of several that say they run it, as a worker may that the group has given up for a while, the one that is ahead. */
function runnerOf(task: TaskPlan, members: readonly Member[]): Member | undefined {
  let runner: Member | undefined;
  for (const member of members) {
    if (!member.running.has(task.id)) continue;
    if (runner === undefined || held(member, task) > held(runner, task)) runner = member;
  }
  return runner;
}

/** How much of the task's state is on the member's machine. */
function held({ positions }: Member, { id }: TaskPlan): number {
  return positions.get(id) ?? 0;
}

/** How many tasks each member may have: the same number for all, and for some one more, those first that run most. */
class Room {
  readonly #least: number;
  #more: number;

  /** Takes from those that have too many. */
  constructor(tasks: number, members: readonly Member[]) {
    this.#least = Math.floor(tasks / members.length);
    this.#more = tasks % members.length;
    for (const member of members.toSorted((a, b) => b.tasks.length - a.tasks.length)) {
      const { length } = member.tasks;
      const most = this.#least + (this.#more > 0 ? 1 : 0);
      if (length > this.#least && this.#more > 0) this.#more--;
      if (length > most) shed(member, length - most, members);
    }
  }

  for(member: Member): boolean {
    return member.tasks.length < this.#least + (this.#more > 0 ? 1 : 0);
  }

  give(task: TaskPlan, member: Member): void {
    if (member.tasks.length >= this.#least) this.#more--;
    member.tasks.push(task);
  }
}

/** Takes `count` tasks away: from the sub-topologies it has too much of, and there what others have most of already. */
function shed(member: Member, count: number, members: readonly Member[]): void {
  const others = members.filter((other) => other !== member);
  const loss = (task: TaskPlan): number =>
    held(member, task) - Math.max(0, ...others.map((other) => held(other, task)));
  const bySubtopology = Map.groupBy(member.tasks, ({ subtopology }) => subtopology);
  const piles = [...bySubtopology.values()].map((pile) =>
    pile.map((task) => ({ task, loss: loss(task) })).toSorted((a, b) => b.loss - a.loss),
  );
  for (let left = count; left > 0; left--) {
    const pile = piles.reduce((most, next) => {
      if (next.length !== most.length) return next.length > most.length ? next : most;
      return (next.at(-1)?.loss ?? 0) < (most.at(-1)?.loss ?? 0) ? next : most;
    });
    const { task } = pile.pop()!;
    member.tasks.splice(member.tasks.indexOf(task), 1);
  }
}

/** Gives tasks to who has their state; first those for which it matters most who gets them. Leaves those of which nobody has any. */
function giveByState(tasks: readonly TaskPlan[], members: readonly Member[], room: Room): TaskPlan[] {
  const wishes = tasks.map((task) => {
    const owners = members.filter((member) => held(member, task) > 0);
    owners.sort((a, b) => held(b, task) - held(a, task));
    const [first, second] = owners.map((owner) => held(owner, task));
    return { task, owners, matters: (first ?? 0) - (second ?? 0) };
  });
  const left = new Set(tasks);
  for (const { task, owners } of wishes.toSorted((a, b) => b.matters - a.matters)) {
    const owner = owners.find((member) => room.for(member));
    if (owner === undefined) continue;
    room.give(task, owner);
    left.delete(task);
  }
  return [...left];
}

/** Fewest tasks first; among equals the one with fewest of the same sub-topology, as these are equally heavy. */
function lightest(task: TaskPlan, members: readonly Member[], room: Room): Member {
  const alike = ({ tasks }: Member): number =>
    tasks.filter(({ subtopology }) => subtopology === task.subtopology).length;
  return members
    .filter((member) => room.for(member))
    .reduce((best, next) => {
      if (next.tasks.length !== best.tasks.length) return next.tasks.length < best.tasks.length ? next : best;
      return alike(next) < alike(best) ? next : best;
    });
}
