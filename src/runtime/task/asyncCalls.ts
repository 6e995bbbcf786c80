import type { AnyMessage, AsyncSpec } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';
import { type Clock, delay } from '../clock.ts';
import { type Origin, stepFailed } from './origin.ts';

/** Calls of one asynchronous step in one task: so many at once, each with its timeout, tried again with growing pauses. */
export type AsyncCall = (message: AnyMessage, origin: Origin) => Promise<unknown>;

export function asyncCalls(spec: AsyncSpec, step: string, clock: Clock, closed: AbortSignal): AsyncCall {
  let free = spec.concurrency;
  const waiting: (() => void)[] = [];
  const enter = (): Promise<void> | undefined => {
    if (free > 0) {
      free--;
      return undefined;
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return async (message, origin) => {
    await enter();
    try {
      return await withRetries(spec, step, clock, closed, message, origin);
    } finally {
      leave();
    }
  };
}

async function withRetries(
  spec: AsyncSpec,
  step: string,
  clock: Clock,
  closed: AbortSignal,
  message: AnyMessage,
  origin: Origin,
): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    closed.throwIfAborted();
    try {
      return await attemptOnce(spec, step, clock, closed, message, origin);
    } catch (cause) {
      if (attempt >= spec.retries || closed.aborted) {
        throw cause instanceof MillraceError && cause.code === 'STEP_TIMEOUT'
          ? cause
          : stepFailed(cause, step, origin);
      }
    }
    await delay(clock, spec.backoff * 2 ** attempt, closed);
  }
}

/** The signal handed to the user's function is aborted when the time is up or the task ends. */
async function attemptOnce(
  spec: AsyncSpec,
  step: string,
  clock: Clock,
  closed: AbortSignal,
  message: AnyMessage,
  origin: Origin,
): Promise<unknown> {
  const abort = new AbortController();
  const ended = Promise.withResolvers<never>();
  const stop = (reason: unknown): void => {
    abort.abort(reason);
    ended.reject(reason);
  };
  const close = (): void => stop(closed.reason);
  const cancel = clock.after(spec.timeout, () => stop(tooSlow(spec, step, origin)));
  closed.addEventListener('abort', close, { once: true });
  try {
    return await Promise.race([spec.run(message.value, message, abort.signal), ended.promise]);
  } finally {
    cancel();
    closed.removeEventListener('abort', close);
  }
}

function tooSlow(spec: AsyncSpec, step: string, origin: Origin): MillraceError {
  return new MillraceError('STEP_TIMEOUT', 'The asynchronous function did not answer in time', {
    step,
    ...origin,
    expected: `an answer within ${spec.timeout} ms`,
    found: 'none',
    next: 'Give the step a longer timeout or more retries; use the AbortSignal it is given to end the call.',
  });
}
