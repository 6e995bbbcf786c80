import { MillraceError } from '../errors.ts';
import type { ActiveTask } from './activeTask.ts';
import { type Clock, delay } from './clock.ts';

/** ms until a heartbeat has told whether the group still counts on this worker. */
const heardAfter = 2_000;

/** A position that is not in its partition (any more). */
export function isStray(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code === 'OFFSET_OUT_OF_RANGE';
}

/**
 * Positions at which tasks found nothing to read. Once that is a worker that stood still, while others went on in its place
 * and purged what they had done; at the same position again, what the group has not read yet is gone.
 */
export class Strays {
  readonly #seen = new Map<string, number | undefined>();

  isNew(error: MillraceError): boolean {
    if (!isStray(error)) return false;
    const { topic, partition, offset } = error.details;
    const place = `${partition}:${topic}`;
    const isNew = !this.#seen.has(place) || this.#seen.get(place) !== offset;
    this.#seen.set(place, offset);
    return isNew;
  }
}

/** The task that reads where nothing is to be read. Throws an error that says anything else. */
export function strayed(tasks: Iterable<ActiveTask>, error: unknown): ActiveTask | undefined {
  if (!isStray(error)) throw error;
  const { topic, partition } = error.details;
  return [...tasks].find(({ inputs }) =>
    inputs.some((input) => input.topic === topic && input.partition === partition),
  );
}

/** Before a task that has strayed or was fenced is opened again, which would take it from whoever has it now. */
export async function untilHeard(clock: Clock, signal: AbortSignal): Promise<void> {
  await delay(clock, heardAfter, signal).catch(() => {}); // whoever opens it looks at the signal
}
