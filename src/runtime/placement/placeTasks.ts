import type { TaskPlan } from '../plan.ts';
import type { MemberMetadata } from '../transport/transport.ts';
import { assignTasks } from './assigner.ts';
import { decodeInfo, type Given, type KnownMember } from './groupProtocol.ts';
import { placeStandbys } from './placeStandbys.ts';

export interface PlacementRules {
  /** Workers that follow a task beside the one that runs it. */
  readonly standbyReplicas: number;
  /** Records of a changelog that a worker may lack and be given the task nevertheless: it restores them before it begins. */
  readonly acceptableRecoveryLag: number;
  /** Tasks of the whole group that get ready to move at a time. */
  readonly warmupReplicas: number;
}

/** A member of the group, and what it is to do. */
export interface Candidate extends KnownMember {
  readonly id: string;
  readonly tasks: TaskPlan[];
  readonly follows: Set<TaskPlan>;
  readonly warms: TaskPlan[];
}

export interface Placement {
  readonly given: ReadonlyMap<string, Given<TaskPlan>>;
  /** Tasks with fewer standbys than wanted, though there are members enough. */
  readonly unprotected: readonly TaskPlan[];
}

/**
 * Says who runs and who follows which task. Where the balance wants a task to move to a worker that lacks much of its state, it
 * stays with one that has the state, and the other warms up: it follows the task until it has nearly caught up, and rejoins. What
 * ran on a worker that is gone goes to who follows it, whatever the balance: it may move on from there.
 */
export function placeTasks(
  tasks: readonly TaskPlan[],
  members: readonly MemberMetadata[],
  rules: PlacementRules,
): Placement {
  const balanced = assignTasks(tasks, members);
  const candidates = members
    .map(({ memberId, metadata }): Candidate => {
      const doing = { tasks: [], follows: new Set<TaskPlan>(), warms: [] };
      return { id: memberId, ...decodeInfo(metadata), ...doing };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const isReady = readiness(tasks, candidates, rules.acceptableRecoveryLag);
  const waiting: Move[] = [];
  for (const to of candidates) {
    for (const task of balanced.get(to.id)!) {
      // One that cannot warm up restores when it is given the task, as everybody did in its version.
      if (!to.keepsStandbys || isReady(to, task)) to.tasks.push(task);
      else waiting.push({ task, to });
    }
  }
  for (const { task } of waiting) holder(task, candidates, isReady).tasks.push(task);
  const unprotected = placeStandbys(tasks, candidates, rules.standbyReplicas);
  warmUp(waiting, rules.warmupReplicas);
  const given = candidates.map(({ id, tasks: mine, follows, warms }) => {
    return [id, { tasks: mine, standbys: [...follows], warmups: warms }] as const;
  });
  return { given: new Map(given), unprotected };
}

interface Move {
  readonly task: TaskPlan;
  readonly to: Candidate;
}

type Readiness = (member: Candidate, task: TaskPlan) => boolean;

/** Whether a member has nearly as much of a task's state as whoever has most of it, who is the one that runs it if anybody does. */
function readiness(tasks: readonly TaskPlan[], all: readonly Candidate[], mostLag: number): Readiness {
  const most = new Map(tasks.map((task) => [task, Math.max(...all.map((member) => held(member, task)))]));
  return (member, task) => most.get(task)! - held(member, task) <= mostLag;
}

function held({ positions }: Candidate, { id }: TaskPlan): number {
  return positions.get(id) ?? 0;
}

/** Who runs the task for now: who runs it already, else of those that have its state the one with least to do. */
function holder(task: TaskPlan, all: readonly Candidate[], isReady: Readiness): Candidate {
  const ready = all.filter((member) => isReady(member, task));
  const ahead = ready.toSorted((a, b) => held(b, task) - held(a, task));
  const runner = ahead.find((member) => member.running.includes(task.id));
  return runner ?? ahead.toSorted((a, b) => a.tasks.length - b.tasks.length)[0]!;
}

/** Those that are under way go on before others begin. */
function warmUp(moves: readonly Move[], most: number): void {
  const begun = ({ task, to }: Move): boolean => to.standbys.includes(task.id);
  const next = [...moves.filter(begun), ...moves.filter((move) => !begun(move))].slice(0, most);
  for (const { task, to } of next) {
    to.follows.add(task);
    to.warms.push(task);
  }
}
