import { MillraceError } from '../../errors.ts';
import type { ActiveTask } from '../activeTask.ts';
import { type Clock, delay } from '../clock.ts';
import { exportSnapshot } from './exportSnapshot.ts';
import type { SnapshotSetting } from './snapshotSetting.ts';

export interface SnapshotParts extends SnapshotSetting {
  readonly application: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Those that run here now. */
  readonly tasks: () => Iterable<ActiveTask>;
  readonly onWarning: (warning: MillraceError) => void;
}

/** Every now and then a snapshot of each task that runs here and has committed something since its last. */
export async function takeSnapshots(parts: SnapshotParts): Promise<void> {
  const { clock, signal, intervalMs, tasks } = parts;
  const taken = new WeakMap<ActiveTask, number>();
  for (;;) {
    await delay(clock, intervalMs, signal);
    for (const task of [...tasks()]) {
      if (taken.get(task) === task.sequence || !isHere(parts, task)) continue;
      const { sequence } = task;
      try {
        await takeSnapshot(parts, task);
        taken.set(task, sequence);
      } catch (error) {
        // One that has moved away has closed its database.
        if (isHere(parts, task)) parts.onWarning(notTaken(task.plan.id, error));
      }
    }
  }
}

function isHere({ tasks, signal }: SnapshotParts, task: ActiveTask): boolean {
  return !signal.aborted && [...tasks()].includes(task);
}

async function takeSnapshot(
  { store, application, keep, clock }: SnapshotParts,
  task: ActiveTask,
): Promise<void> {
  const { home, plan } = task;
  await exportSnapshot(home, { store, application, task: plan.id, keep, now: clock.now() });
}

function notTaken(task: string, cause: unknown): MillraceError {
  return new MillraceError('SNAPSHOT_FAILED', `No snapshot of task ${task} could be taken`, {
    cause,
    next: 'Look at the cause: the store of snapshots, or the room on the disk of the state. The task goes on, and it is tried again.',
  });
}
