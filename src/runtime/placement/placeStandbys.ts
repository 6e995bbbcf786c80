import type { TaskPlan } from '../plan.ts';
import type { Candidate } from './placeTasks.ts';

/**
 * Gives each task that has state as many followers as wanted: never the worker that runs it, nor one that shares its state
 * folder; on another rack than it and each other where there is one. Within that who follows stays, and the workers follow as
 * many tasks each as can be. Gives the tasks that have fewer than there are members for.
 */
export function placeStandbys(
  tasks: readonly TaskPlan[],
  members: readonly Candidate[],
  replicas: number,
): TaskPlan[] {
  const stateful = tasks.filter(({ subtopology }) => subtopology.stores.length > 0);
  const holders = new Map(
    stateful.map((task) => [task, members.filter((member) => member.tasks.includes(task))]),
  );
  const wanted = Math.min(replicas, members.length - 1);
  for (let replica = 0; replica < wanted; replica++) {
    const missing = stateful.filter((task) => {
      const stay = members.filter(({ standbys }) => standbys.includes(task.id));
      return !give(task, mostState(task, rackFirst(task, stay, holders.get(task)!))[0], holders);
    });
    for (const task of missing) {
      const able = mostState(task, rackFirst(task, members, holders.get(task)!));
      give(task, able.toSorted((a, b) => a.follows.size - b.follows.size)[0], holders);
    }
  }
  while (wanted > 0 && (spread(members, holders) || level(members, holders)));
  return stateful.filter((task) => holders.get(task)!.length <= wanted);
}

type Holders = ReadonlyMap<TaskPlan, Candidate[]>;

function give(task: TaskPlan, member: Candidate | undefined, holders: Holders): boolean {
  if (member === undefined) return false;
  member.follows.add(task);
  holders.get(task)!.push(member);
  return true;
}

/** Those that may follow a task which others hold already; only those on a new rack, if any are. */
function rackFirst(
  task: TaskPlan,
  members: readonly Candidate[],
  holders: readonly Candidate[],
): readonly Candidate[] {
  const able = members.filter((member) => mayFollow(task, member, holders));
  const elsewhere = able.filter((member) => isOnNewRack(member, holders));
  return elsewhere.length > 0 ? elsewhere : able;
}

function mayFollow(task: TaskPlan, member: Candidate, holders: readonly Candidate[]): boolean {
  if (!member.keepsStandbys || member.tasks.includes(task) || member.follows.has(task)) return false;
  return member.place === '' || holders.every(({ place }) => place !== member.place);
}

function isOnNewRack({ rack }: Candidate, holders: readonly Candidate[]): boolean {
  return rack !== '' && holders.every((holder) => holder.rack !== rack);
}

function mostState({ id }: TaskPlan, members: readonly Candidate[]): Candidate[] {
  const held = ({ positions }: Candidate): number => positions.get(id) ?? 0;
  return members.toSorted((a, b) => held(b) - held(a));
}

/** Moves a standby to a rack on which nobody has the task yet; false: there is none to move. */
function spread(members: readonly Candidate[], holders: Holders): boolean {
  for (const [task, mine] of holders) {
    for (const from of mine.filter((holder) => holder.follows.has(task))) {
      const others = mine.filter((holder) => holder !== from);
      if (isOnNewRack(from, others)) continue;
      const [to] = rackFirst(task, members, others).toSorted((a, b) => a.follows.size - b.follows.size);
      if (to === undefined || !isOnNewRack(to, others)) continue;
      move({ task, from, to }, holders);
      return true;
    }
  }
  return false;
}

/** Moves a standby from who has many to who has few, unless its task were less spread over racks by it; false: all is even. */
function level(members: readonly Candidate[], holders: Holders): boolean {
  const byLoad = members.toSorted((a, b) => b.follows.size - a.follows.size);
  const found = firstMove(byLoad, holders);
  if (found !== undefined) move(found, holders);
  return found !== undefined;
}

function move({ task, from, to }: Move, holders: Holders): void {
  from.follows.delete(task);
  to.follows.add(task);
  const mine = holders.get(task)!;
  mine[mine.indexOf(from)] = to;
}

interface Move {
  readonly task: TaskPlan;
  readonly from: Candidate;
  readonly to: Candidate;
}

function firstMove(byLoad: readonly Candidate[], holders: Holders): Move | undefined {
  for (const from of byLoad) {
    for (const to of byLoad.toReversed()) {
      if (from.follows.size - to.follows.size < 2) break;
      const task = leastLoss(from, to, holders);
      if (task !== undefined) return { task, from, to };
    }
  }
  return undefined;
}

/** Of the standbys that may move between the two, the one of which least has to be read again. */
function leastLoss(from: Candidate, to: Candidate, holders: Holders): TaskPlan | undefined {
  const loss = ({ id }: TaskPlan): number => (from.positions.get(id) ?? 0) - (to.positions.get(id) ?? 0);
  const movable = [...from.follows].filter((task) => {
    const others = holders.get(task)!.filter((holder) => holder !== from);
    if (!mayFollow(task, to, others)) return false;
    return isOnNewRack(to, others) || !isOnNewRack(from, others);
  });
  return movable.toSorted((a, b) => loss(a) - loss(b))[0];
}
