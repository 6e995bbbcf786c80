import { readLocalMeta } from '../commitMeta.ts';
import type { StatePlace } from '../taskHome.ts';

/**
 * Tasks that have left state on this machine, each with how far it goes: the offsets reached in its changelogs, summed up. They
 * restore least where that is most. What cannot be read counts as nothing. Of those that run here it is known, and not read.
 */
export function storedTasks(
  place: StatePlace,
  application: string,
  running: ReadonlyMap<string, number>,
): Map<string, number> {
  const positions = new Map(running);
  if (place === 'memory') return positions;
  for (const task of place.tasks(application)) {
    if (running.has(task)) continue;
    const meta = place.peek(application, task);
    if (meta === undefined) continue;
    const position = reached(readLocalMeta(meta).changelogs);
    if (position > 0) positions.set(task, position);
  }
  return positions;
}

/** One number for how much of a task's state there is: comparable between the machines that have some of it. */
export function reached(changelogs: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const position of changelogs.values()) sum += position;
  return sum;
}
