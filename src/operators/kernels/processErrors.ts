import { summary } from '../../dsl/codecs/summary.ts';
import type { AnyFunction, StepContext } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';

/** All that can be wrong with a function given to process(). */
export interface ProcessErrors {
  /** Wraps the function that sets up. */
  settingUp(fn: AnyFunction): AnyFunction;
  /** Wraps a timer, so that what it throws says so. `which` it is: 'every 10 ms of streamTime', or its name. */
  inTimer(fn: AnyFunction, which: string): AnyFunction;
  /** A promise may still work when its record is committed or forgotten. */
  refusePromise(result: unknown): void;
  outOfTurn(what: string, settingUp: boolean): MillraceError;
  lateTimer(call: string): MillraceError;
  unheardTimer(name: string): MillraceError;
  noInterval(): MillraceError;
  unknownClock(found: unknown): MillraceError;
  incomplete(part: 'key' | 'value'): MillraceError;
}

export function processErrors(task: StepContext): ProcessErrors {
  const { step } = task;
  const wrap = (fn: AnyFunction, what: string, next: string): AnyFunction => {
    return (first, second) => {
      try {
        const result = fn(first, second);
        refusePromise(result);
        return result;
      } catch (cause) {
        const known = cause instanceof MillraceError;
        if (known && cause.details.step !== undefined) throw cause;
        throw new MillraceError(known ? cause.code : 'STEP_FAILED', what, { step, cause, next });
      }
    };
  };
  const refusePromise = (result: unknown): void => {
    if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return;
    // The record fails in any case: whether the promise does, too, is of no matter.
    Promise.resolve(result).catch(() => {});
    throw new MillraceError('STEP_FAILED', 'The function given to process() gave a promise', {
      step,
      expected: 'a function that does all its work before it returns',
      found: 'a promise, whose record may be committed or forgotten by then',
      next: 'Await in a mapAsync() before this step.',
    });
  };
  return {
    settingUp: (fn) =>
      wrap(fn, 'The function given to process() threw while setting up', 'Mend the function.'),
    inTimer: (fn, which) =>
      wrap(
        fn,
        `The timer of this step (${which}) threw`,
        'Mend the function given to every() or onDue(). No record is to blame, so none can be passed on instead.',
      ),
    refusePromise,
    outOfTurn(what, settingUp) {
      if (settingUp) return unready(step, what);
      const error = outside(step, what);
      task.fail(error);
      return error;
    },
    lateTimer: (call) =>
      new MillraceError('INVALID_ARGUMENT', `${call} was called after setting up`, {
        step,
        next: "Call it in the function given to process(), before that returns; for a time of a key's own declare a timer: { timers: { reminder: 'streamTime' } }.",
      }),
    unheardTimer: (name) =>
      new MillraceError('INVALID_ARGUMENT', `Nobody has said what the timer ${name} does`, {
        step,
        expected: 'a function given to onDue() while setting up',
        found: 'none',
        next: `Write timers.${name}.onDue((key, due) => ...) in the function given to process(), or leave the timer out.`,
      }),
    noInterval: () =>
      new MillraceError('INVALID_DURATION', 'The interval of every() is zero', {
        step,
        expected: 'a duration above zero',
        found: '0',
        next: "Write every('10s', 'streamTime', ...).",
      }),
    unknownClock: (found) =>
      new MillraceError('INVALID_ARGUMENT', 'every() does not know this clock', {
        step,
        expected: "'streamTime' or 'wallClock'",
        found: summary(found),
        next: "Write every('10s', 'streamTime', ...).",
      }),
    incomplete: (part) =>
      new MillraceError('STEP_FAILED', `The function given to process() emitted a record without ${part}`, {
        step,
        expected: `a ${part}, or null for none`,
        found: 'undefined',
        next: `Emit { ${part}: ... }: a timer has no record whose ${part} could stand in, and undefined is no ${part}.`,
      }),
  };
}

function unready(step: string, what: string): MillraceError {
  return new MillraceError('STEP_FAILED', `${what} was called while process() was setting up`, {
    step,
    expected: 'records and timers to emit and to change rows',
    found: 'the function that is called once per task, before its first record',
    next: 'Move it into the function for records, or into a timer.',
  });
}

function outside(step: string, what: string): MillraceError {
  return new MillraceError('ASYNC_EMISSION', `${what} was called outside the turn of a record or a timer`, {
    step,
    expected: 'a function that does all its work before it returns, with the context of its own step',
    found: 'a call from a promise, a timer of JavaScript or another step',
    next: 'Use mapAsync() for promises and every() for timers; put what needs the same store into one step.',
  });
}
