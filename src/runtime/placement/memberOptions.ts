import type { Topology } from '../../dsl/topology.ts';
import { MillraceError } from '../../errors.ts';
import type { Names } from '../names.ts';
import type { Plan, TaskPlan } from '../plan.ts';
import type { Settings } from '../settings.ts';
import type { MemberOptions } from '../transport/transport.ts';
import { encodeInfo, toAssignment } from './groupProtocol.ts';
import { placeTasks } from './placeTasks.ts';
import { storedTasks } from './storedTasks.ts';

/** What the worker does when the group says so. */
export interface GroupEvents extends Pick<MemberOptions, 'revoked' | 'assigned' | 'lost' | 'failed'> {
  /** Tasks that run now, each with how much of its state there is. */
  readonly running: () => ReadonlyMap<string, number>;
  /** Tasks that are followed now, as well. */
  readonly standbys: () => ReadonlyMap<string, number>;
  readonly onWarning: (warning: MillraceError) => void;
}

/** How a worker takes part in its group: what it tells the others, and how it divides the tasks when it leads. */
export function memberOptions(
  plan: Plan,
  topology: Topology,
  names: Names,
  settings: Settings,
  { running, standbys, onWarning, ...events }: GroupEvents,
): MemberOptions {
  const sources = topology.subtopologies.flatMap((subtopology) => subtopology.sources);
  const { state, rack } = settings;
  const place = state === 'memory' ? '' : state.place();
  let warned = '';
  const warn = (unprotected: readonly TaskPlan[]): void => {
    const ids = unprotected.map(({ id }) => id).join(', ');
    if (ids !== '' && ids !== warned) onWarning(standbysMissing(ids, settings.placement.standbyReplicas));
    warned = ids;
  };
  return {
    ...events,
    group: names.application,
    instanceId: settings.instanceId,
    topics: [...new Set(sources.map(names.topic))],
    sessionTimeoutMs: settings.sessionTimeout,
    rebalanceTimeoutMs: settings.rebalanceTimeout,
    heartbeatIntervalMs: settings.heartbeatInterval,
    metadata: () => {
      const [runs, follows] = [running(), standbys()];
      const stored = storedTasks(state, names.application, new Map([...follows, ...runs]));
      const planned = new Set(plan.tasks.map(({ id }) => id)); // older topologies may have left state of theirs
      const positions = new Map([...stored].filter(([id, position]) => position > 0 && planned.has(id)));
      return encodeInfo({ running: [...runs.keys()], standbys: [...follows.keys()], positions, rack, place });
    },
    assign: async (members) => {
      const { given, unprotected } = placeTasks(plan.tasks, members, settings.placement);
      warn(unprotected);
      return new Map([...given].map(([id, mine]) => [id, toAssignment(mine, plan.fingerprint)]));
    },
  };
}

function standbysMissing(tasks: string, replicas: number): MillraceError {
  return new MillraceError('STANDBYS_MISSING', `Tasks have fewer standbys than wanted: ${tasks}`, {
    expected: `${replicas} of each, on workers with a state folder of their own`,
    next: 'Give each worker a stateDir of its own: workers that share one can hold the state of a task only once. While workers of an older version are in the group, wait.',
  });
}
