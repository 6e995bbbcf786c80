import type { Clock } from './clock.ts';
import type { TaskSet } from './taskSet.ts';

/** ms of synchronous work between two chances for timers, heartbeats and HTTP. */
const slice = 8;

/** Every task gets its share of the slice; one that fails is ended. false: there was nothing to do. */
export function workSlice(tasks: TaskSet, clock: Clock): boolean {
  const share = slice / Math.max(1, tasks.count);
  let worked = false;
  for (const task of [...tasks.tasks]) {
    try {
      task.tick();
      if (task.work(clock.monotonic() + share)) worked = true;
    } catch (error) {
      tasks.failed(task, error);
      worked = true;
    }
  }
  return worked;
}
