import type { ActiveTask } from './activeTask.ts';
import { asMillraceError } from './asMillraceError.ts';
import { delay } from './clock.ts';
import { openTask } from './openTask.ts';
import type { TaskPlan } from './plan.ts';
import { reopened } from './reopened.ts';
import { untilHeard } from './strays.ts';
import { passing } from './taskErrors.ts';
import type { Poisoned, TaskSetting } from './taskSetting.ts';

/** A task that cannot be opened for so long ends the application; for room on its disk it waits as long as it takes. */
const taskTimeout = 300_000;

/** Opens a task, again and again while what is in the way may pass; undefined when it was told to give up. */
export async function openPatiently(
  setting: TaskSetting,
  plan: TaskPlan,
  poisoned: Poisoned,
  signal: AbortSignal,
): Promise<ActiveTask | undefined> {
  const { clock } = setting;
  const deadline = clock.monotonic() + taskTimeout;
  let isTold = false;
  for (let pause = 50; !signal.aborted; pause = Math.min(2_000, pause * 2)) {
    try {
      return await openTask(setting, plan, poisoned, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const known = asMillraceError(error, `Task ${plan.id}`);
      const isFull = known.code === 'DISK_FULL';
      if (!passing.has(known.code) || (!isFull && clock.monotonic() > deadline)) throw known;
      if (isFull && !isTold) setting.onWarning(reopened(plan.id, known));
      isTold ||= isFull;
      if (known.code === 'FENCED') await untilHeard(clock, signal);
    }
    await delay(clock, pause, signal).catch(() => {});
  }
  return undefined;
}
