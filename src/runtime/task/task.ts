import type { AnyStore, AnyWindowStore, DropReason, View } from '../../dsl/node.ts';
import type { Step, Subtopology } from '../../dsl/topology.ts';
import type { MillraceError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import type { Batch } from '../transport/transport.ts';
import { buildChain, type Chain, consumersOf, type TaskPart } from './chain.ts';
import { DirectInput, type InputParts } from './directInput.ts';
import type { Input } from './input.ts';
import { guard, leaveRecord, type Origin, placeOf } from './origin.ts';
import { type Output, sender } from './output.ts';
import { prepareStage, stepsAhead } from './prepare.ts';
import { PreparedInput } from './preparedInput.ts';
import { type Drop, reject } from './rejects.ts';
import { type SourceReader, sourceReader } from './sourceReader.ts';

/** One instance of a sub-topology, for one partition. Synchronous: when a call returns, everything has happened. */
export interface Task {
  /** Tables before streams: they win ties of time. */
  readonly inputs: readonly TaskInput[];
  /** Highest time of a record taken in; -1 before the first. */
  readonly streamTime: number;
  /** Lets steps that hold updates back emit them. */
  beforeCommit(): void;
  /** Lets steps do what they have scheduled for this wall-clock time. */
  tick(now: number): void;
  /** Some step has scheduled something. */
  readonly scheduled: boolean;
  close(): void;
}

export interface TaskInput extends Input {
  add(batch: Batch): void;
  /**
   * Everything below this position has been added. Behind the last record there may be some that are not shown (markers of
   * transactions, what was aborted): when nothing else is left the position moves over them.
   */
  passed(position: number): void;
}

export interface TaskParts {
  readonly application: string;
  readonly subtopology: Subtopology;
  readonly partition: number;
  readonly state: TaskStores;
  readonly streamTime: number;
  readonly output: Output;
  readonly clock: Clock;
  readonly globalView: (step: Step) => View;
  /** The topic of a source as the broker knows it. */
  readonly topicOf: (source: Step) => string;
  /** Where reading goes on, by topic. */
  readonly positions: ReadonlyMap<string, number>;
  readonly poisoned: ReadonlyMap<string, ReadonlyMap<number, MillraceError>>;
  readonly onDrop: (drop: Drop) => void;
  /** A step failed outside a call: the task is to end. */
  readonly onFailure: (error: MillraceError) => void;
  /** Something that was awaited is there. */
  readonly wake: () => void;
}

export interface TaskStores {
  store(name: string): AnyStore;
  windowStore(name: string): AnyWindowStore;
}

export function createTask(parts: TaskParts): Task {
  const { subtopology } = parts;
  const origin: Origin = { topic: '', partition: parts.partition, offset: -1 };
  const preparing: Origin = { ...origin };
  const time = { now: parts.streamTime };
  const consumers = consumersOf(subtopology.steps);
  const ahead = stepsAhead(subtopology);
  const closed = new AbortController();
  const chain = buildChain(
    subtopology.steps.filter((step) => !ahead.has(step)),
    { consumers, globalView: parts.globalView, taskPart: taskParts(parts, origin, time) },
  );
  const stage = prepareStage(subtopology, ahead, {
    consumers,
    taskPart: taskParts(parts, preparing, time),
    origin: preparing,
    clock: parts.clock,
    closed: closed.signal,
    inTask: chain.receiver,
  });
  const afterRecord = afterEach(chain, origin, time);
  const input = (topic: string, sources: readonly Step[]): TaskInput => {
    const readers = sources.map((step) =>
      sourceReader(step, ahead.has(step) ? unused : chain.entry(step), time.now),
    );
    const common = { ...inputParts(parts, readers, origin, time, topic), afterRecord };
    const position = parts.positions.get(topic)!;
    if (!sources.some((step) => ahead.has(step)))
      return new DirectInput(topic, parts.partition, position, common);
    return new PreparedInput(topic, parts.partition, position, {
      ...common,
      stage,
      ahead: mostAhead(ahead),
      wake: parts.wake,
    });
  };
  return {
    inputs: [...byTopic(subtopology, parts)].map(([topic, sources]) => input(topic, sources)),
    get streamTime() {
      return time.now;
    },
    beforeCommit() {
      leaveRecord(origin);
      chain.beforeCommit();
    },
    tick(now) {
      leaveRecord(origin);
      chain.tick(now);
    },
    scheduled: chain.scheduled,
    close() {
      closed.abort(new Error('The task was closed'));
      chain.close();
    },
  };
}

const unused = (): void => {};

/** What is to be done when a record has gone through the whole task; undefined: nothing. */
function afterEach(
  { punctuate, afterRecord }: Chain,
  origin: Origin,
  time: { readonly now: number },
): (() => void) | undefined {
  if (punctuate === undefined && afterRecord === undefined) return undefined;
  let punctuated = time.now;
  return () => {
    leaveRecord(origin);
    if (time.now !== punctuated) {
      punctuated = time.now;
      punctuate?.(punctuated);
    }
    afterRecord?.();
  };
}

/** Enough records under way to keep every call of the widest step busy. */
function mostAhead(ahead: ReadonlySet<Step>): number {
  return Math.max(...[...ahead].map((step) => step.operator.async?.concurrency ?? 1)) * 2;
}

function byTopic(subtopology: Subtopology, { topicOf, positions }: TaskParts): Map<string, Step[]> {
  const byKind = [...subtopology.sources].sort((a, b) => rank(a) - rank(b));
  const topics = new Map<string, Step[]>();
  for (const source of byKind) {
    const topic = topicOf(source);
    if (!positions.has(topic)) continue; // the topic has fewer partitions than the task's number
    topics.set(topic, [...(topics.get(topic) ?? []), source]);
  }
  return topics;
}

const rank = (source: Step): number => (source.node.shape === 'table' ? 0 : 1);

function taskParts(parts: TaskParts, origin: Origin, time: { now: number }): (step: Step) => TaskPart {
  const send = sender(parts.application, parts.output, origin);
  return (step) => {
    const drop = (reason: DropReason): void => parts.onDrop({ reason, step: step.name, ...origin });
    const nameOf = (suffix = ''): string => step.stores.find(({ spec }) => spec.suffix === suffix)!.name;
    return {
      step: step.name,
      partition: parts.partition,
      get streamTime() {
        return time.now;
      },
      get origin() {
        return placeOf(origin);
      },
      get now() {
        return parts.clock.now();
      },
      store: (suffix) => parts.state.store(nameOf(suffix)),
      windowStore: (suffix) => parts.state.windowStore(nameOf(suffix)),
      guard: (fn) => guard(fn, step.name, origin),
      send: (sink, message, key, value) => {
        if (!send(sink, message, key, value, step.name)) drop('no-partition');
      },
      fail: parts.onFailure,
      drop,
    };
  };
}

function inputParts(
  parts: TaskParts,
  readers: readonly SourceReader[],
  origin: Origin,
  time: { now: number },
  topic: string,
): Omit<InputParts, 'afterRecord'> {
  return {
    readers,
    origin,
    advance: (timestamp) => {
      if (timestamp > time.now) time.now = timestamp;
    },
    reject: (record, error, reader) => reject(record, error, reader.policy, parts.output, parts.onDrop),
    poisoned: parts.poisoned.get(topic) ?? new Map<number, MillraceError>(),
  };
}
