import { MillraceError } from '../../errors.ts';
import { asMillraceError } from '../asMillraceError.ts';
import type { TaskPlan } from '../plan.ts';
import type { WorkerParts } from '../workerParts.ts';
import { checkSnapshot } from './checkSnapshot.ts';
import { importSnapshot } from './importSnapshot.ts';
import type { SnapshotStore } from './snapshotStore.ts';

/** Whether and how snapshots of state are kept. */
export interface SnapshotSetting {
  readonly store: SnapshotStore;
  readonly intervalMs: number;
  /** Of each task. */
  readonly keep: number;
}

/** Gives what puts a snapshot of a task's state into a folder that has none, if there is one that can be used. */
export type Seed = (plan: TaskPlan, signal: AbortSignal) => (folder: string) => Promise<void>;

export function seedFrom({ settings, names, transport, clock, onWarning }: WorkerParts): Seed | undefined {
  const { snapshots } = settings;
  if (snapshots === undefined) return undefined;
  return (plan, signal) => async (folder) => {
    await importSnapshot(folder, {
      store: snapshots.store,
      application: names.application,
      task: plan.id,
      check: (header) => checkSnapshot(header, { plan, names, transport, clock, signal }),
      onIgnored(name, error) {
        if (!signal.aborted) onWarning(notUsed(name, asMillraceError(error, `Snapshot ${name}`)));
      },
    });
  };
}

function notUsed(name: string, cause: MillraceError): MillraceError {
  return new MillraceError('SNAPSHOT_IGNORED', `The snapshot ${name} is not used`, {
    cause,
    next: 'Nothing: an older one is tried, then the state is restored from its changelog. Delete the snapshot if it is not yours.',
  });
}
