import type { Receive, StepContext, View } from '../../dsl/node.ts';
import type { Step } from '../../dsl/topology.ts';
import { MillraceError } from '../../errors.ts';
import { fireDue, streamTimeTimer, type Timer, wallClockTimer, windUp } from './timers.ts';

export interface Chain {
  /** Takes what a source step has decoded. */
  entry(source: Step): Receive;
  /** What a step does with messages from one of its inputs. */
  receiver(step: Step, input: number): Receive;
  /** Steps hold their updates back until now: those upstream first. */
  beforeCommit(): void;
  /** Fires what is due at this wall-clock time; each schedule begins with the first tick. */
  tick(now: number): void;
  readonly scheduled: boolean;
  /** Fires what is due at this stream time; undefined where no step asks for it. */
  readonly punctuate: ((streamTime: number) => void) | undefined;
  /** What steps do when a record has gone through all of them; undefined where none asks for it. */
  readonly afterRecord: (() => void) | undefined;
  close(): void;
}

/** What the task gives to its steps; the rest of StepContext is the chain's own. */
export type TaskPart = Omit<
  StepContext,
  'view' | 'beforeCommit' | 'afterRecord' | 'onClose' | 'schedule' | 'punctuate'
>;

export interface ChainParts {
  readonly taskPart: (step: Step) => TaskPart;
  readonly globalView: (step: Step) => View;
  readonly consumers: ReadonlyMap<Step, readonly Consumer[]>;
  readonly outside?: Edge;
  /** How a step is instantiated, where that is not its operator's own affair. */
  readonly run?: (step: Step, context: StepContext, emit: Receive) => readonly Receive[];
}

const runOperator: NonNullable<ChainParts['run']> = (step, context, emit) => step.operator.run(context, emit);

/** Where the chain of a prepare stage ends: gets what is to go on in the task itself. */
export type Edge = (step: Step, input: number) => Receive;

/**
 * Builds one closure per step, each calling the next: a message is pushed in at a source and everything has happened when
 * the call returns. `outside` receives what leaves the given steps for others of the same sub-topology.
 */
export function buildChain(steps: readonly Step[], parts: ChainParts): Chain {
  const { taskPart, globalView, consumers, outside, run = runOperator } = parts;
  const inside = new Set(steps);
  /** By the place of the step in the chain. */
  const flushes: (() => void)[][] = steps.map(() => []);
  const closes: (() => void)[] = [];
  const endings: (() => void)[][] = steps.map(() => []);
  const schedules: Timer[][] = steps.map(() => []);
  const punctuations: Timer[][] = steps.map(() => []);
  const contexts = new Map<Step, StepContext>();
  const receivers = new Map<Step, readonly Receive[]>();
  const views = new Map<Step, View>();
  const order = new Map(steps.map((step, index) => [step, index]));

  const viewOf = (step: Step): View => {
    if (step.node.shape === 'globalTable') return globalView(step);
    const known = views.get(step);
    if (known !== undefined) return known;
    if (step.operator.view === undefined) throw viewless(step);
    // What aggregates a stream reads a store of its own: its input has no rows.
    const rowsOf = (input: Step): View => (input.operator.view === undefined ? noRows(input) : viewOf(input));
    const view = step.operator.view(contexts.get(step)!, step.inputs.map(rowsOf));
    views.set(step, view);
    return view;
  };
  const context = (step: Step): StepContext => {
    const part = taskPart(step);
    const index = order.get(step)!;
    return Object.defineProperties(
      {
        view: (input: number) => viewOf(step.inputs[input]!),
        beforeCommit: (flush: () => void) => {
          flushes[index]!.push(flush);
        },
        afterRecord: (call: () => void) => {
          endings[index]!.push(call);
        },
        schedule: (every: number, fire: (now: number) => void) => {
          schedules[index]!.push(wallClockTimer(every, fire));
        },
        punctuate: (every: number, fire: (streamTime: number) => void) => {
          punctuations[index]!.push(streamTimeTimer(every, fire, part.streamTime));
        },
        onClose: (close: () => void) => closes.push(close),
      },
      Object.getOwnPropertyDescriptors(part),
    ) as unknown as StepContext;
  };
  const emitOf = (step: Step): Receive =>
    fanOut(
      (consumers.get(step) ?? []).map(({ step: to, input }) =>
        inside.has(to) ? receivers.get(to)![input]! : outsideOf(outside, to, input),
      ),
    );

  for (const step of steps) contexts.set(step, context(step));
  const entries = new Map<Step, Receive>();
  for (const step of [...steps].reverse()) {
    const emit = emitOf(step);
    if (isPlainSource(step)) entries.set(step, emit);
    else receivers.set(step, run(step, contexts.get(step)!, emit));
  }
  const onClock = schedules.flat();
  const onStreamTime = punctuations.flat();
  const afterRecord = endings.flat();
  return {
    entry: (source) => entries.get(source) ?? receivers.get(source)![0]!,
    receiver: (step, input) => receivers.get(step)![input]!,
    beforeCommit: () => {
      for (const flush of flushes.flat()) flush();
    },
    tick: (now) => {
      windUp(onClock, now);
      fireDue(onClock, now);
    },
    scheduled: onClock.length > 0,
    punctuate: onStreamTime.length === 0 ? undefined : (streamTime) => fireDue(onStreamTime, streamTime),
    afterRecord:
      afterRecord.length === 0
        ? undefined
        : () => {
            for (const call of afterRecord) call();
          },
    close: () => {
      for (const close of closes) close();
    },
  };
}

export interface Consumer {
  readonly step: Step;
  readonly input: number;
}

/** Who reads the output of each step, in the order of description. Global tables send no messages. */
export function consumersOf(steps: readonly Step[]): ReadonlyMap<Step, readonly Consumer[]> {
  const consumers = new Map<Step, Consumer[]>();
  for (const step of steps) {
    step.inputs.forEach((from, input) => {
      if (from.node.shape === 'globalTable') return;
      const known = consumers.get(from);
      if (known === undefined) consumers.set(from, [{ step, input }]);
      else known.push({ step, input });
    });
  }
  return consumers;
}

/** A source that only hands on what was decoded; a table source also keeps it. */
const isPlainSource = (step: Step): boolean => step.inputs.length === 0 && step.stores.length === 0;

function fanOut(receivers: readonly Receive[]): Receive {
  const [first, second, ...others] = receivers;
  if (first === undefined) return () => {};
  if (second === undefined) return first;
  if (others.length === 0) {
    return (message) => {
      first(message);
      second(message);
    };
  }
  return (message) => {
    for (const receive of receivers) receive(message);
  };
}

function outsideOf(outside: Edge | undefined, to: Step, input: number): Receive {
  if (outside === undefined) {
    throw new MillraceError('INTERNAL', 'A step has a reader in another sub-topology', { step: to.name });
  }
  return outside(to, input);
}

const noRows =
  (step: Step): View =>
  () => {
    throw viewless(step);
  };

function viewless(step: Step): MillraceError {
  return new MillraceError('MISPLACED_STEP', 'A join reads from a step that keeps no rows', {
    step: step.name,
    expected: 'a table',
    found: step.operator.kind,
    next: 'Make a table of it with toTable().',
  });
}
