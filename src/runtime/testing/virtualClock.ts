import { MillraceError } from '../../errors.ts';
import type { Clock } from '../clock.ts';

/** A clock that stands still until it is told to go on: what waits on it runs in the same order every time. */
export interface VirtualClock extends Clock {
  /** Lets `ms` pass: calls what falls due, in order, and lets the promises of each call settle before the next. */
  advance(ms: number): Promise<void>;
  /**
   * Lets as much time pass as the work needs, jumping from one due call to the next. Rejects with INTERNAL when the
   * work waits for something that is not on this clock: nothing will ever wake it.
   */
  run<T>(work: Promise<T>): Promise<T>;
}

interface Timer {
  readonly due: number;
  readonly call: () => void;
}

/** Turns of the event loop that work with no timer gets to finish by itself: real I/O that a test may do. */
const idleTurns = 20_000;
/** Calls at one and the same moment that stand for a loop in which time can never pass. */
const callsAtOneMoment = 1_000_000;

/** Begins at `start`, in ms since 1970. */
export function virtualClock(start = 0): VirtualClock {
  /** By due time, then by when they were set. */
  const timers: Timer[] = [];
  let elapsed = 0;
  let callsNow = 0;

  function after(ms: number, call: () => void): () => void {
    const timer = { due: elapsed + Math.max(0, ms), call };
    let index = timers.length;
    while (index > 0 && timers[index - 1]!.due > timer.due) index--;
    timers.splice(index, 0, timer);
    return () => {
      const at = timers.indexOf(timer);
      if (at >= 0) timers.splice(at, 1);
    };
  }

  async function callNext(): Promise<void> {
    const timer = timers.shift()!;
    callsNow = timer.due > elapsed ? 0 : callsNow + 1;
    if (callsNow > callsAtOneMoment) {
      throw stuck(
        'something waits for ever without letting time pass',
        'Wait on a time, not only on breathe().',
      );
    }
    elapsed = timer.due;
    timer.call();
    await settled();
  }

  async function advance(ms: number): Promise<void> {
    const end = elapsed + ms;
    await settled();
    while (timers.length > 0 && timers[0]!.due <= end) await callNext();
    elapsed = end;
  }

  async function run<T>(work: Promise<T>): Promise<T> {
    let running = true;
    const ended = (): void => {
      running = false;
    };
    work.then(ended, ended);
    let idle = 0;
    await settled();
    while (running) {
      if (timers.length > 0) {
        idle = 0;
        await callNext();
      } else if (++idle > idleTurns) {
        throw stuck(
          'the work waits, and nothing on the virtual clock is due',
          'Look for a promise nobody resolves.',
        );
      } else await settled();
    }
    return work;
  }

  return {
    now: () => Math.floor(start + elapsed),
    monotonic: () => elapsed,
    after,
    breathe: () => new Promise((resolve) => void after(0, resolve)),
    advance,
    run,
  };
}

/** A turn of the event loop: every promise that can go on by itself has done so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function stuck(what: string, next: string): MillraceError {
  return new MillraceError('INTERNAL', what, { next });
}
