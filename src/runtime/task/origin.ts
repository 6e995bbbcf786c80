import type { AnyFunction } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';

/** The record that is being worked on: what errors, drops and dead letters point at. One per task, changed in place. */
export interface Origin {
  topic: string;
  partition: number;
  offset: number;
}

/** Wraps a user's function so that what it throws says which step and which record. */
export function guard<F extends AnyFunction>(fn: F, step: string, origin: Origin): F {
  const guarded = (a: unknown, b: unknown, c: unknown): unknown => {
    try {
      return fn(a, b, c);
    } catch (cause) {
      throw stepFailed(cause, step, origin);
    }
  };
  return guarded as F;
}

export function stepFailed(
  cause: unknown,
  step: string,
  { topic, partition, offset }: Origin,
): MillraceError {
  if (cause instanceof MillraceError && cause.code !== 'STEP_FAILED') return cause;
  return new MillraceError('STEP_FAILED', 'The function given to this step threw', {
    step,
    topic,
    partition,
    offset,
    cause,
    next: "Mend the function, or let the source pass such records on: onError: 'skip' or { deadLetters: 'topic' }.",
  });
}
