import { noHeaders } from '../../dsl/message.ts';
import type { AnyCodec, AnyFunction, AnyMessage, Receive, StepContext } from '../../dsl/node.ts';
import type { ProcessClock } from '../../dsl/processContext.ts';
import { type Duration, milliseconds } from '../../dsl/windows/duration.ts';
import { checkFunction } from './checkFunction.ts';
import { type ProcessErrors, processErrors } from './processErrors.ts';
import type { DescribedStore } from './processStores.ts';
import { processTable } from './processTable.ts';
import { processTimer } from './processTimer.ts';
import { processTurns, type Turns } from './processTurns.ts';

export interface DescribedProcess {
  readonly setUp: AnyFunction;
  readonly stores: readonly DescribedStore[];
  readonly timers: readonly (readonly [name: string, by: ProcessClock])[];
  /** Names of the tables, which are the inputs behind the first. */
  readonly tables: readonly string[];
  /** Writes the keys of timers. */
  readonly key: AnyCodec | undefined;
}

/** The function of a user's process() in one task: gives the receiver of its records. */
export function processRun(task: StepContext, described: DescribedProcess, emit: Receive): Receive {
  const errors = processErrors(task);
  const turns = processTurns(task, errors, emit);
  const { stores, tables, timers, key, setUp } = described;
  const running = timers.map(([name, by]) => ({
    name,
    ...processTimer(task, { name, by, key: key! }, turns, errors),
  }));
  const parts = {
    stores: frozen(stores.map((store) => [store.name, store.open(task, turns)])),
    tables: frozen(tables.map((name, index) => [name, processTable(task.view(index + 1))])),
    timers: frozen(running.map(({ name, timer }) => [name, timer])),
    emit: turns.emit,
    every: repeating(task, turns, errors),
    partition: task.partition,
  };
  const handle: AnyFunction = errors.settingUp(() => {
    const made: AnyFunction = setUp(contextOf(task, parts));
    errors.refusePromise(made);
    checkFunction(made, 'result of the function given to process()', 'a function of (message)');
    for (const { name, heard } of running) if (!heard()) throw errors.unheardTimer(name);
    return made;
  })();
  turns.begin();
  const guarded = task.guard((message: AnyMessage) => errors.refusePromise(handle(message)));
  return (message) => turns.take(message, guarded, message);
}

const frozen = (entries: readonly (readonly [string, unknown])[]): object =>
  Object.freeze(Object.fromEntries(entries));

/** What changes from record to record is looked up when it is asked for. */
function contextOf(task: StepContext, parts: object): object {
  let ending: AbortController | undefined;
  task.onClose(() => ending?.abort());
  const changing = {
    get streamTime() {
      return task.streamTime;
    },
    get now() {
      return task.now;
    },
    get origin() {
      return task.origin;
    },
    get signal() {
      ending ??= new AbortController();
      return ending.signal;
    },
  };
  return Object.freeze(Object.defineProperties(changing, Object.getOwnPropertyDescriptors(parts)));
}

/** every(): a timer on the grid of a clock. */
function repeating(
  task: StepContext,
  turns: Turns,
  errors: ProcessErrors,
): (interval: Duration, by: unknown, fire: AnyFunction) => () => void {
  return (interval, by, fire) => {
    if (turns.begun) throw errors.lateTimer('every()');
    const ms = milliseconds(interval, 'interval of every()');
    if (ms === 0) throw errors.noInterval();
    if (by !== 'streamTime' && by !== 'wallClock') throw errors.unknownClock(by);
    checkFunction(fire, 'third argument of every()', 'a function of (timestamp)');
    const guarded = errors.inTimer(fire, `every ${ms} ms of ${by}`);
    let ended = false;
    const call = (timestamp: number): void => {
      if (ended) return;
      turns.take({ key: undefined, value: undefined, timestamp, headers: noHeaders }, guarded, timestamp);
    };
    if (by === 'streamTime') task.punctuate(ms, call);
    else task.schedule(ms, call);
    return () => {
      ended = true;
    };
  };
}
