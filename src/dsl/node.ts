import type { MillraceError } from '../errors.ts';
import type { Codec, Encoded } from './codecs/codec.ts';
import type { KeyRange, RowRange } from './keyRange.ts';
import type { Message, RecordOrigin, WindowKey } from './message.ts';
import type { ErrorPolicy } from './policyFor.ts';

// biome-ignore-start lint/suspicious/noExplicitAny: a node stands for any key and value; the handles of types.ts carry the types
export type AnyMessage = Message<any, any>;
export type AnyCodec = Codec<any>;
export type AnyCell = Cell<any>;
export type AnyStore = Store<any, any>;
export type AnyWindowStore = WindowStore<any, any>;
/** A function handed in by the user; which arguments it takes, its operator knows. */
export type AnyFunction = (...args: any[]) => any;
// biome-ignore-end lint/suspicious/noExplicitAny: see above

/** Takes a message and does everything that follows from it before it returns. */
export type Receive = (message: AnyMessage) => void;

/** What a step emits, told apart so that topology and operators need not guess. */
export type Shape = 'stream' | 'windowed' | 'table' | 'groupedTable' | 'globalTable' | 'sink';

/** A frozen piece of a description. `pipe` only ever adds nodes; nothing here runs. */
export interface Node {
  readonly shape: Shape;
  readonly operator: Operator;
  readonly inputs: readonly Node[];
  /** The user's own name of this step's store or topic. Names that are not given are derived from the path. */
  readonly name?: string | undefined;
  /** Codecs of what this node emits, as far as they are known; a step that changes the type drops them. */
  readonly key?: AnyCodec | undefined;
  readonly value?: AnyCodec | undefined;
  /** On 'windowed' nodes and on tables that came out of one. */
  readonly window?: WindowSpec | undefined;
  /** On tables with versions, and what filters and maps them: how long it is known what a row was, in ms of stream time. */
  readonly history?: number | undefined;
  /** On 'windowed' nodes: rows are emitted once, when their window has closed. */
  readonly emitOnClose?: boolean | undefined;
}

/** How records fall into windows: what the files of dsl/windows make. */
export type WindowSpec = AlignedWindows | SlidingWindows | SessionWindows;

/** Windows that start at the same moments for all keys. Their ends are exclusive. */
export interface AlignedWindows {
  readonly kind: 'tumbling' | 'hopping';
  /** Length in ms. */
  readonly size: number;
  /** Distance between starts in ms; the size for tumbling windows. */
  readonly advance: number;
  /** How long after its end, in stream time, a window still takes records, in ms. */
  readonly grace: number;
  /** Windows start at multiples of `advance` plus this, in ms. */
  readonly offset: number;
}

/** Windows of records at most `difference` ms apart, where the records are. Both ends are inclusive. */
export interface SlidingWindows {
  readonly kind: 'sliding';
  readonly difference: number;
  /** How long after its end, in stream time, a window still takes records, in ms. */
  readonly grace: number;
}

/** Windows that grow with each record at most `gap` ms away, from the first record to the last, both inclusive. */
export interface SessionWindows {
  readonly kind: 'session';
  readonly gap: number;
  /** How long after its end and the gap, in stream time, a session still takes records, in ms. */
  readonly grace: number;
}

/** What a step does. One operator = one file in src/operators that makes one of these. */
export interface Operator {
  /** As shown by describe(): 'filter', 'count', ... */
  readonly kind: string;
  /** Set by steps that may change the key: what follows is repartitioned before the next step that is `keyed`. */
  readonly rekeys?: true;
  /** With `rekeys`: where the records go in the repartition topic behind it. By key when absent. */
  readonly partitioner?: Partitioner;
  /** This step needs its inputs partitioned by key; several inputs must be partitioned alike. */
  readonly keyed?: true;
  /** A record without a key is padded by this step, not dropped on the way to it: left joins. */
  readonly nullKeys?: 'keep';
  readonly stores?: readonly StoreSpec[];
  readonly source?: SourceSpec;
  readonly sink?: SinkSpec;
  readonly repartition?: RepartitionSpec;
  readonly async?: AsyncSpec;
  /** Instantiates the step for one task. Gives one receiver per input, in order. */
  run(task: StepContext, emit: Receive): readonly Receive[];
  /** Tables only: reads the row of a key as it is now. Steps without a store of their own read through their input. */
  view?(task: StepContext, inputs: readonly View[]): View;
}

/** `asOf`: as the row was at that moment, ms since 1970. Tables without versions know only how it is now. */
export type View = (key: unknown, asOf?: number) => AnyCell | undefined;

export interface SourceSpec {
  readonly topic: string;
  /** Read the topic. Not always the codecs of the node: see Codec.output. */
  readonly key: AnyCodec;
  readonly value: AnyCodec;
  /** `ago` in ms. */
  readonly reset: 'earliest' | 'latest' | { readonly ago: number };
  /** What happens to a record that cannot be decoded or validated. */
  readonly onError: ErrorPolicy;
  /** Event time of a record; the record's own timestamp when absent. */
  readonly timestamp?: ((value: unknown, message: AnyMessage, partitionTime: number) => number) | undefined;
}

export interface SinkSpec {
  readonly topic: string | ((value: unknown, message: AnyMessage) => string);
  readonly partition?: Partitioner | undefined;
  /** The topic belongs to the application: its real name has the application's id before it. Set by the compiler only. */
  readonly internal?: true;
}

/** Chooses the partition of a record, 0 <= answer < partitions: one, several, none of them ([]), or that of its key (undefined). */
export type Partitioner = (
  value: unknown,
  message: AnyMessage,
  partitions: number,
) => number | readonly number[] | undefined;

export interface RepartitionSpec {
  readonly partitions?: number | undefined;
  readonly partitioner?: Partitioner | undefined;
}

export interface AsyncSpec {
  readonly run: (value: unknown, message: AnyMessage, signal: AbortSignal) => Promise<unknown>;
  /** How many calls may be under way at once in one task. */
  readonly concurrency: number;
  /** ms one attempt may take. */
  readonly timeout: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** ms before the first retry; doubled each time. */
  readonly backoff: number;
}

export interface StoreSpec {
  /** '' for a step's only store; its full name is the step's name. Otherwise a suffix. */
  readonly suffix: string;
  /**
   * Rows by key; by window start and key, for windows that many keys share; by key and time, for times that each key has of
   * its own: sessions, sliding windows, what a join waits for, versions.
   */
  readonly kind: 'keyValue' | 'window' | 'timeline';
  readonly key: AnyCodec;
  readonly value: AnyCodec;
  /** Windows and timelines: length of a window and how long its rows are kept after its start, in ms of stream time. */
  readonly windowSize?: number;
  readonly retention?: number;
  /** Key-value stores: rows that belong together, as the range in which their encoded keys lie, and no others. */
  readonly group?: (key: unknown) => KeyRange;
  /** How a row shows to who reads the store from outside; absent: as it is. */
  readonly show?: (
    key: WindowKey<unknown>,
    cell: AnyCell,
  ) => readonly [key: WindowKey<unknown>, cell: AnyCell];
}

/** All that a running step may reach. */
export interface StepContext {
  /** The step's path, for messages. */
  readonly step: string;
  /** The task's partition. */
  readonly partition: number;
  /** Highest timestamp the task has taken in; -1 before the first. */
  readonly streamTime: number;
  /** Where the record at work was read; undefined in timers and before commits. */
  readonly origin: RecordOrigin | undefined;
  store(suffix?: string): AnyStore;
  /** Of kind 'window' or 'timeline'. */
  windowStore(suffix?: string): AnyWindowStore;
  /** The row of input `index`, a table or a global table, as it is now. */
  view(index: number): View;
  /** Wraps a user's function so that what it throws says which step and which record. */
  guard<F extends AnyFunction>(fn: F): F;
  /** Writes to a topic: only sinks do. */
  send(sink: SinkSpec, message: AnyMessage, key: AnyCodec, value: AnyCodec): void;
  /** Ends the task with an error that arose outside a call, in a timer or a promise: all that a step may do from there. */
  fail(error: MillraceError): void;
  /** Gives up a record for a reason; counted and reported, never silent. */
  drop(reason: DropReason, message: AnyMessage): void;
  /** Called before each commit, upstream steps first: a step that holds updates back emits them here. */
  beforeCommit(flush: () => void): void;
  /** Wall-clock time, ms since 1970. */
  readonly now: number;
  /** Calls about every so many ms of wall-clock time, between records, while the task runs. */
  schedule(every: number, fire: (now: number) => void): void;
  /**
   * Calls once stream time has reached another multiple of so many ms, and with the first record of the task: when the record
   * that moved it has gone through the whole task, and once however many multiples were passed. Restarts change nothing.
   */
  punctuate(every: number, fire: (streamTime: number) => void): void;
  /** Calls when a record has gone through the whole task: behind all that was punctuated, steps upstream first. */
  afterRecord(call: () => void): void;
  /** Called when the task ends, however it ends. */
  onClose(close: () => void): void;
}

export type DropReason =
  | 'null-key'
  | 'null-value'
  | 'late'
  | 'undecodable'
  | 'failed'
  | 'no-branch'
  | 'no-partition';

/** A row: its value and the timestamp of the newest record that went into it. Never change a value in place. */
export interface Cell<V> {
  readonly value: V;
  readonly timestamp: number;
}

/** Synchronous state of one step in one task. Keys and values are objects, not bytes. */
export interface Store<K, V> {
  get(key: K): Cell<V> | undefined;
  put(key: K, value: V, timestamp: number): void;
  delete(key: K, timestamp: number): void;
  /** All rows or those of a range, in the order of the encoded keys, uncommitted ones included. */
  entries(range?: RowRange): Iterable<readonly [key: K, cell: Cell<V>]>;
  /** Rows of one group of StoreSpec.group, in the order of the encoded keys. */
  group(range: KeyRange): Iterable<readonly [key: K, cell: Cell<V>]>;
}

/** Rows by key and window start or time. Rows that have fallen behind the largest start ever put by the retention are gone. */
export interface WindowStore<K, V> {
  /** The largest start ever put; -Infinity before the first. */
  readonly largestStart: number;
  get(key: K, start: number): Cell<V> | undefined;
  put(key: K, start: number, value: V, timestamp: number): void;
  delete(key: K, start: number, timestamp: number): void;
  /** Rows of a key with from <= start <= to, by start. Found as they are asked for: rows may be changed meanwhile. */
  fetch(key: K, from: number, to: number): Iterable<readonly [start: number, cell: Cell<V>]>;
  /** Rows of all keys with from <= start <= to, by start and then by the encoded key. */
  between(from: number, to: number): Iterable<readonly [key: WindowKey<K>, cell: Cell<V>]>;
  /** All rows, by start and then by the encoded key. */
  entries(): Iterable<readonly [key: WindowKey<K>, cell: Cell<V>]>;
}

export type { Encoded, Message };
