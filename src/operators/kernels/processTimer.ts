import { json } from '../../dsl/codecs/json.ts';
import { summary } from '../../dsl/codecs/summary.ts';
import { text } from '../../dsl/codecs/text.ts';
import { noHeaders } from '../../dsl/message.ts';
import { checkStepName } from '../../dsl/names.ts';
import type { AnyCodec, AnyFunction, AnyMessage, StepContext, Store, StoreSpec } from '../../dsl/node.ts';
import { checkOptions } from '../../dsl/options.ts';
import type { ProcessClock, ProcessTimer } from '../../dsl/processContext.ts';
import { MillraceError } from '../../errors.ts';
import { checkFunction } from './checkFunction.ts';
import { checkTimestamp } from './checkTimestamp.ts';
import type { ProcessErrors } from './processErrors.ts';
import type { Turns } from './processTurns.ts';
import { soonestRows } from './soonestRows.ts';
import { timeAndKey, timeIn } from './timeAndKey.ts';

/** The stores of a timer: the time of each key, and the keys by time. */
export function timerStores(name: string, key: AnyCodec): readonly StoreSpec[] {
  return [
    { suffix: name, kind: 'keyValue', key, value: json<number>() },
    { suffix: orderOf(name), kind: 'keyValue', key: text, value: key },
  ];
}

const orderOf = (name: string): string => `${name}-order`;

/** The timers given to process(), checked. */
export function processTimers(timers: unknown): readonly (readonly [name: string, by: ProcessClock])[] {
  if (timers === undefined) return [];
  checkOptions(timers, Object.keys(timers ?? {}), 'the timers of process()');
  return Object.entries(timers as Record<string, unknown>).map(([name, by]) => {
    checkStepName(name, 'timer of process()');
    if (by === 'streamTime' || by === 'wallClock') return [name, by] as const;
    throw new MillraceError('INVALID_ARGUMENT', `The timer ${name} of process() goes by no clock`, {
      expected: "'streamTime' or 'wallClock'",
      found: summary(by),
      next: `Write { timers: { ${name}: 'streamTime' } }.`,
    });
  });
}

/** Timers of the wall clock that fire in one go; others at the next opportunity, so that heartbeats are not kept waiting. */
const mostAtOnce = 10_000;

export interface RunningTimer {
  readonly timer: ProcessTimer<unknown>;
  /** false: nobody has said what it does. */
  readonly heard: () => boolean;
}

/**
 * Timers that each key has of its own. Of stream time they fire when the record that moved it, or that set what was due
 * already, has gone through the whole task; of the wall clock between records. What falls due in the turn of a timer waits for
 * the next opportunity, so that a timer that sets itself does not fire for ever.
 */
export function processTimer(
  task: StepContext,
  { name, by, key: codec }: { readonly name: string; readonly by: ProcessClock; readonly key: AnyCodec },
  turns: Turns,
  errors: ProcessErrors,
): RunningTimer {
  const times: Store<unknown, number> = task.store(name);
  const order: Store<string, unknown> = task.store(orderOf(name));
  const soonest = soonestRows(order);
  const what = (call: string): string => `${call}() of timer ${name}`;
  let fire: AnyFunction | undefined;

  /** Takes out of the queue what is due; what was cleared or moved meanwhile is in it still, without a row. */
  const takeDue = (now: number, most: number): (readonly [key: unknown, due: number])[] => {
    const due: (readonly [key: unknown, due: number])[] = [];
    for (let row = soonest.first(); row !== undefined && timeIn(row) <= now; row = soonest.first()) {
      if (due.length === most) break;
      soonest.shift();
      const key = order.get(row)?.value;
      if (key === undefined) continue;
      order.delete(row, timeIn(row));
      due.push([key, timeIn(row)]);
    }
    return due;
  };
  const fireDue = (now: number, most: number): void => {
    const first = soonest.first();
    if (first === undefined || timeIn(first) > now) return;
    for (const [key, due] of takeDue(now, most)) {
      if (times.get(key)?.value !== due) continue; // cleared or moved by one before
      times.delete(key, due);
      const message: AnyMessage = { key, value: undefined, timestamp: due, headers: noHeaders };
      turns.take(message, fire!, key, due);
    }
  };
  if (by === 'streamTime') task.afterRecord(() => fireDue(task.streamTime, Number.POSITIVE_INFINITY));
  else task.schedule(1, (now) => fireDue(now, mostAtOnce));

  const clear = (key: unknown, timestamp: number): void => {
    const due = times.get(key)?.value;
    if (due === undefined) return;
    times.delete(key, timestamp);
    order.delete(timeAndKey(due, codec, key), timestamp);
  };
  const timer: ProcessTimer<unknown> = Object.freeze({
    onDue(given: AnyFunction): void {
      if (turns.begun) throw errors.lateTimer('onDue()');
      checkFunction(given, `argument of onDue() of timer ${name}`, 'a function of (key, due)');
      fire = errors.inTimer(given, name);
    },
    set(key: unknown, due: number): void {
      const { timestamp } = turns.current(what('set'));
      const time = checkTimestamp(due, task.step, `The timer ${name} was given`);
      if (times.get(key)?.value === time) return;
      clear(key, timestamp);
      const row = timeAndKey(time, codec, key);
      times.put(key, time, timestamp);
      order.put(row, key, timestamp);
      soonest.add(row);
    },
    clear: (key: unknown): void => clear(key, turns.current(what('clear')).timestamp),
    get: (key: unknown) => times.get(key)?.value,
  });
  return { timer, heard: () => fire !== undefined };
}
