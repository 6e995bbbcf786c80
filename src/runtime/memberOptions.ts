import type { Topology } from '../dsl/topology.ts';
import { assignTasks } from './assigner.ts';
import { encodeInfo, toAssignment } from './groupProtocol.ts';
import type { Names } from './names.ts';
import type { Plan } from './plan.ts';
import type { Settings } from './settings.ts';
import { storedTasks } from './storedTasks.ts';
import type { MemberOptions } from './transport/transport.ts';

/** What the worker does when the group says so. */
export interface GroupEvents extends Pick<MemberOptions, 'revoked' | 'assigned' | 'lost' | 'failed'> {
  /** Tasks that run now, each with how much of its state there is. */
  readonly running: () => ReadonlyMap<string, number>;
}

/** How a worker takes part in its group: what it tells the others, and how it divides the tasks when it leads. */
export function memberOptions(
  plan: Plan,
  topology: Topology,
  names: Names,
  settings: Settings,
  { running, ...events }: GroupEvents,
): MemberOptions {
  const sources = topology.subtopologies.flatMap((subtopology) => subtopology.sources);
  return {
    ...events,
    group: names.application,
    instanceId: settings.instanceId,
    topics: [...new Set(sources.map(names.topic))],
    sessionTimeoutMs: settings.sessionTimeout,
    rebalanceTimeoutMs: settings.rebalanceTimeout,
    heartbeatIntervalMs: settings.heartbeatInterval,
    metadata: () => {
      const runs = running();
      const stored = storedTasks(settings.state, names.application, runs);
      const planned = new Set(plan.tasks.map(({ id }) => id)); // older topologies may have left state of theirs
      const positions = new Map([...stored].filter(([id, position]) => position > 0 && planned.has(id)));
      return encodeInfo({ running: [...runs.keys()], positions });
    },
    assign: async (members) => {
      const given = assignTasks(plan.tasks, members);
      return new Map(
        [...given].map(([memberId, tasks]) => [memberId, toAssignment(tasks, plan.fingerprint)]),
      );
    },
  };
}
