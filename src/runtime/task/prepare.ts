import type { AnyMessage, Receive, StepContext } from '../../dsl/node.ts';
import type { Step, Subtopology } from '../../dsl/topology.ts';
import type { Clock } from '../clock.ts';
import { type AsyncCall, asyncCalls } from './asyncCalls.ts';
import { buildChain, type Consumer, type TaskPart } from './chain.ts';
import type { Origin } from './origin.ts';

/**
 * The part of a sub-topology that runs ahead of the task because something in it has to be awaited: the asynchronous steps
 * and what stands before them. It touches no state, so it may be repeated; what comes out waits for its turn in the queue.
 */
export interface PrepareStage {
  readonly sources: ReadonlySet<Step>;
  /** Runs a record through; resolves with what is to be handed on in the task, in order. */
  prepare(source: Step, message: AnyMessage, origin: Origin): Promise<readonly Delivery[]>;
}

export interface Delivery {
  readonly receive: Receive;
  readonly message: AnyMessage;
}

type Slot = Delivery | Promise<readonly Slot[]>;

export interface PrepareParts {
  readonly consumers: ReadonlyMap<Step, readonly Consumer[]>;
  readonly taskPart: (step: Step) => TaskPart;
  /** The record whose steps run now: read by what taskPart gives. */
  readonly origin: Origin;
  readonly clock: Clock;
  readonly closed: AbortSignal;
  /** Receivers of the task's own chain. */
  readonly inTask: (step: Step, input: number) => Receive;
}

/** The steps that run ahead: none where nothing is asynchronous. */
export function stepsAhead(subtopology: Subtopology): ReadonlySet<Step> {
  const ahead = new Set<Step>();
  const open = subtopology.steps.filter((step) => step.operator.async !== undefined);
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (ahead.has(step)) continue;
    ahead.add(step);
    open.push(...step.inputs);
  }
  return ahead;
}

export function prepareStage(
  subtopology: Subtopology,
  ahead: ReadonlySet<Step>,
  parts: PrepareParts,
): PrepareStage {
  const { origin } = parts;
  let slots: Slot[] = [];

  /** Runs synchronous steps of a record, collecting what leaves them. */
  const collect = (at: Origin, run: () => void): Slot[] => {
    Object.assign(origin, at);
    const mine: Slot[] = [];
    slots = mine;
    try {
      run();
    } catch (error) {
      // The record has failed here; calls it has already made may fail too, and nobody will wait for them.
      for (const slot of mine) if (slot instanceof Promise) slot.catch(() => {});
      throw error;
    }
    return mine;
  };
  const awaiting = (call: AsyncCall, emit: Receive): Receive => {
    return (message) => {
      const at = { ...origin };
      const answered = async (): Promise<readonly Slot[]> => {
        const value = await call(message, at);
        return collect(at, () => emit({ ...message, value }));
      };
      slots.push(answered());
    };
  };
  const run = (step: Step, context: StepContext, emit: Receive): readonly Receive[] => {
    const { async } = step.operator;
    if (async === undefined) return step.operator.run(context, emit);
    return [awaiting(asyncCalls(async, step.name, parts.clock, parts.closed), emit)];
  };
  const steps = subtopology.steps.filter((step) => ahead.has(step));
  const outside = (step: Step, input: number): Receive => {
    const receive = parts.inTask(step, input);
    return (message) => {
      slots.push({ receive, message });
    };
  };
  const chain = buildChain(steps, { ...parts, globalView: () => () => undefined, outside, run });
  return {
    sources: new Set(steps.filter((step) => step.inputs.length === 0)),
    prepare: (source, message, at) => settle(collect(at, () => chain.entry(source)(message))),
  };
}

/** Waits for all of a record's calls, also when one fails, so that no call outlives the record it belongs to unseen. */
async function settle(slots: readonly Slot[]): Promise<readonly Delivery[]> {
  const settled = await Promise.allSettled(
    slots.map(async (slot) => (slot instanceof Promise ? settle(await slot) : [slot])),
  );
  return settled.flatMap((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
