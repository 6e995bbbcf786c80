import type { AnyFunction } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';

/** The record that is being worked on: what errors, drops and dead letters point at. One per task, changed in place. */
export interface Origin {
  topic: string;
  partition: number;
  offset: number;
}

/** From now on no record is being worked on: none is to blame for what goes wrong in a timer or before a commit. */
export function leaveRecord(origin: Origin): void {
  origin.topic = '';
  origin.offset = -1;
}

/** Where the record stands, for an error; nothing when there is none. */
export function placeOf({ topic, partition, offset }: Origin): Origin | undefined {
  return topic === '' ? undefined : { topic, partition, offset };
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

export function stepFailed(cause: unknown, step: string, origin: Origin): MillraceError {
  if (cause instanceof MillraceError && cause.code !== 'STEP_FAILED') return cause;
  const place = placeOf(origin);
  if (place === undefined) {
    return new MillraceError(
      'STEP_FAILED',
      'The function given to this step threw when a timer or a commit made a step emit',
      { step, cause, next: 'Mend the function. No record is to blame, so none can be passed on instead.' },
    );
  }
  return new MillraceError('STEP_FAILED', 'The function given to this step threw', {
    step,
    ...place,
    cause,
    next: "Mend the function, or let the source pass such records on: onError: 'skip' or { deadLetters: 'topic' }.",
  });
}
