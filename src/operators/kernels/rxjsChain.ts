import { type OperatorFunction, Subject, type Subscription } from 'rxjs';
import { summary } from '../../dsl/codecs/summary.ts';
import type { AnyMessage, StepContext } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';

/** An RxJS operator of a user in one task. */
export interface RxjsChain {
  /** Gives the operator a record and answers with what it emits before it returns. */
  feed(message: AnyMessage): readonly AnyMessage[];
  close(): void;
}

/**
 * Subscribes the operator to a Subject of its own: with the first record, so that what is emitted on subscription belongs to
 * a record too, and anew after an error, which would otherwise silence it for good.
 */
export function rxjsChain(operator: OperatorFunction<AnyMessage, AnyMessage>, task: StepContext): RxjsChain {
  let input: Subject<AnyMessage> | undefined;
  let subscription: Subscription | undefined;
  let failure: { readonly cause: unknown } | undefined;
  let completed = false;
  // Collected, not handed on at once: what a later step throws would end up in the operator.
  let emitted: AnyMessage[] | undefined;

  const fail = (cause: unknown): void => {
    if (emitted === undefined) task.fail(late(task.step, cause));
    else failure ??= { cause };
  };
  const take = (message: AnyMessage): void => {
    if (emitted === undefined) task.fail(late(task.step));
    else if (isMessage(message)) emitted.push(message);
    else fail(notMessage(message));
  };
  const open = (): Subject<AnyMessage> => {
    const subject = new Subject<AnyMessage>();
    const complete = (): void => {
      completed = true;
    };
    subscription = subject.pipe(operator).subscribe({ next: take, error: fail, complete });
    return subject;
  };
  const close = (): void => {
    subscription?.unsubscribe();
    subscription = undefined;
    input = undefined;
    failure = undefined;
  };
  return {
    feed(message) {
      const mine: AnyMessage[] = [];
      emitted = mine;
      try {
        input ??= open();
        if (completed) throw silent();
        input.next(message);
      } finally {
        emitted = undefined;
      }
      if (failure === undefined) return mine;
      const { cause } = failure;
      close();
      throw cause;
    },
    close,
  };
}

function isMessage(candidate: unknown): boolean {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const { key, value, timestamp, headers } = candidate as Partial<AnyMessage>;
  return key !== undefined && value !== undefined && Number.isFinite(timestamp) && Array.isArray(headers);
}

function late(step: string, cause?: unknown): MillraceError {
  const what = cause === undefined ? 'emitted' : 'failed';
  return new MillraceError(
    'ASYNC_EMISSION',
    `The operator given to rxjs() ${what} outside the call that fed it`,
    {
      step,
      cause,
      expected:
        'an operator that does all its work before it returns, as map, mergeMap with arrays or scan do',
      found: 'work in a timer or a promise, whose record may be committed or forgotten by then',
      next: 'Use mapAsync() for functions that answer with a promise; keep timers out of topologies.',
    },
  );
}

function silent(): MillraceError {
  return new MillraceError(
    'STEP_FAILED',
    'The operator given to rxjs() has completed and takes no more records',
    {
      expected: 'an operator that goes on',
      found: 'one that completes, as take and first do',
      next: 'Use filter() instead.',
    },
  );
}

function notMessage(found: unknown): MillraceError {
  return new MillraceError(
    'STEP_FAILED',
    'The operator given to rxjs() emitted something that is not a message',
    {
      expected: 'key, value, timestamp and headers',
      found: summary(found),
      next: 'Emit { ...message, value: ... }.',
    },
  );
}
