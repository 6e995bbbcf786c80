import { noHeaders } from '../../dsl/message.ts';
import type { AnyFunction, AnyMessage, Receive, StepContext } from '../../dsl/node.ts';
import { type Duration, milliseconds } from '../../dsl/windows/duration.ts';
import { checkFunction } from './checkFunction.ts';
import { checkTimestamp } from './checkTimestamp.ts';
import { type ProcessErrors, processErrors } from './processErrors.ts';
import { processStore } from './processStore.ts';

/** The function of a user's process() in one task: gives the receiver of its records. */
export function processRun(
  task: StepContext,
  stores: readonly string[],
  setUp: AnyFunction,
  emit: Receive,
): Receive {
  const errors = processErrors(task);
  /** The record at work, or what stands for it in a timer; undefined outside. */
  let turn: AnyMessage | undefined;
  let settingUp = true;
  // Collected, not handed on at once: what a later step throws is not to be seen, or caught, by the user's function.
  let emitted: AnyMessage[] = [];

  const take = (fn: AnyFunction, input: unknown, message: AnyMessage): void => {
    turn = message;
    try {
      fn(input);
    } catch (error) {
      emitted = [];
      throw error;
    } finally {
      turn = undefined;
    }
    if (emitted.length === 0) return;
    const ready = emitted;
    emitted = [];
    for (const made of ready) emit(made);
  };
  const inTurn = (what: string): AnyMessage => {
    if (turn !== undefined) return turn;
    throw errors.outOfTurn(what, settingUp);
  };
  const every = (interval: Duration, by: unknown, fire: AnyFunction): void => {
    if (!settingUp) throw errors.lateTimer();
    const ms = milliseconds(interval, 'interval of every()');
    if (ms === 0) throw errors.noInterval();
    if (by !== 'streamTime' && by !== 'wallClock') throw errors.unknownClock(by);
    checkFunction(fire, 'third argument of every()', 'a function of (timestamp)');
    const guarded = errors.inTimer(fire, `${ms} ms of ${by}`);
    const call = (timestamp: number): void =>
      take(guarded, timestamp, { key: undefined, value: undefined, timestamp, headers: noHeaders });
    if (by === 'streamTime') task.punctuate(ms, call);
    else task.schedule(ms, call);
  };
  const context = Object.freeze({
    stores: Object.freeze(
      Object.fromEntries(stores.map((name) => [name, processStore(task.store(name), inTurn)])),
    ),
    get streamTime() {
      return task.streamTime;
    },
    get now() {
      return task.now;
    },
    emit(emission: Partial<AnyMessage>): void {
      emitted.push(completed(emission, inTurn('emit()'), task, errors));
    },
    every,
  });
  const ready = errors.settingUp(() => {
    const made: AnyFunction = setUp(context);
    errors.refusePromise(made);
    checkFunction(made, 'result of the function given to process()', 'a function of (message)');
    return made;
  });
  const handle: AnyFunction = ready();
  settingUp = false;
  const guarded = task.guard((message: AnyMessage) => errors.refusePromise(handle(message)));
  return (message) => take(guarded, message, message);
}

function completed(
  emission: Partial<AnyMessage>,
  { key, value, timestamp, headers }: AnyMessage,
  task: StepContext,
  errors: ProcessErrors,
): AnyMessage {
  const made = {
    key: 'key' in emission ? emission.key : key,
    value: 'value' in emission ? emission.value : value,
    timestamp:
      emission.timestamp === undefined
        ? timestamp
        : checkTimestamp(emission.timestamp, task.step, 'The function given to process() emitted'),
    headers: emission.headers ?? headers,
  };
  if (made.key === undefined) throw errors.incomplete('key');
  if (made.value === undefined) throw errors.incomplete('value');
  return made;
}
