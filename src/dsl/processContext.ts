import type { Codec } from './codecs/codec.ts';
import type { Headers, RecordOrigin } from './message.ts';
import type { AnyStream, AnyTable, GlobalTable, KeyOf, ValueOf } from './types.ts';
import type { Duration } from './windows/duration.ts';

interface RowCodecs {
  // biome-ignore-start lint/suspicious/noExplicitAny: any key and value may be kept
  readonly key: Codec<any>;
  readonly value: Codec<any>;
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
}

/** How a store of process() writes its rows, and what kind it is: by key, by key and time, or by key with what rows were. */
export type ProcessStoreOptions = RowCodecs &
  (
    | { readonly retention?: undefined; readonly versioned?: undefined }
    | {
        /** Rows by key and time, for so long behind the latest time put: windows, sessions, what was lately. */
        readonly retention: Duration;
        readonly versioned?: undefined;
      }
    | {
        readonly retention?: undefined;
        /** Rows by key, and what they were so long back behind the latest time put. */
        readonly versioned: Duration;
      }
  );

/** Which rows, and in which order. */
export interface RowsFrom<K> {
  /** The first key, in the order of the encoded keys. */
  readonly from?: K | undefined;
  /** The last key, which is one of them. */
  readonly to?: K | undefined;
  /** How the encoded keys begin; instead of `from` and `to`. */
  readonly prefix?: string | Buffer | undefined;
  /** From the last to the first. */
  readonly reverse?: boolean | undefined;
}

/** Rows by key. They are durable with the record, or the timer, in whose turn they were changed. */
export interface ProcessStore<K, V> {
  get(key: K): V | undefined;
  /** ms since 1970: when the row was put. */
  timestamp(key: K): number | undefined;
  /** Keeps the value. Do not change it afterwards, put another. `timestamp`: that of the record or timer, or another. */
  put(key: K, value: V, timestamp?: number): void;
  delete(key: K): void;
  /** Rows of this task, by encoded key: all, or those asked for. They may be changed on the way. */
  entries(rows?: RowsFrom<K>): Iterable<readonly [key: K, value: V]>;
}

/** Rows by key and time, in ms since 1970. What lies the retention or more behind the latest time put is gone. */
export interface ProcessTimeStore<K, V> {
  get(key: K, time: number): V | undefined;
  put(key: K, time: number, value: V): void;
  delete(key: K, time: number): void;
  /** Rows of a key with from <= time <= to, by time. They may be changed on the way. */
  fetch(key: K, from: number, to: number): Iterable<readonly [time: number, value: V]>;
  /** Rows of all keys with from <= time <= to, by time and then by encoded key. */
  between(from: number, to: number): Iterable<readonly [key: K, time: number, value: V]>;
}

/** Rows by key, as they are and as they were. A put or delete that comes late takes its place in the past. */
export interface ProcessVersionedStore<K, V> {
  /** `asOf`: as it was at that moment, ms since 1970. undefined also for what is too long ago. */
  get(key: K, asOf?: number): V | undefined;
  /** Since when the row is, or was, so. */
  timestamp(key: K, asOf?: number): number | undefined;
  /** From `timestamp` on, by default that of the record or timer. false: longer ago than is kept, nothing was done. */
  put(key: K, value: V, timestamp?: number): boolean;
  delete(key: K, timestamp?: number): boolean;
}

/** The rows of a table beside the records, as they are now. */
export interface ProcessTable<K, V> {
  /** `asOf`, of versioned tables: as it was at that moment, ms since 1970. */
  get(key: K | null, asOf?: number): V | undefined;
  /** When the row was written. */
  timestamp(key: K | null, asOf?: number): number | undefined;
}

/** One alarm per key, kept in a store: crashes and rebalances neither lose nor delay it. */
export interface ProcessTimer<K> {
  /** What is done when a key's time has come; while setting up only. `due` is the time that was set. */
  onDue(fire: (key: K, due: number) => void): void;
  /** Sets the time of a key, ms since 1970, in place of what was set before. */
  set(key: K, due: number): void;
  clear(key: K): void;
  get(key: K): number | undefined;
}

export type ProcessClock = 'streamTime' | 'wallClock';

// biome-ignore lint/suspicious/noExplicitAny: any key and value may stand here
export type ProcessTableHandle = AnyTable | GlobalTable<any, any>;

type TypeOf<C> = C extends Codec<infer T> ? T : never;

type StoreOf<Options, K, V> = Options extends { readonly retention: Duration }
  ? ProcessTimeStore<K, V>
  : Options extends { readonly versioned: Duration }
    ? ProcessVersionedStore<K, V>
    : ProcessStore<K, V>;

type Stores<S> = {
  readonly [Name in keyof S]: S[Name] extends { readonly key: infer K; readonly value: infer V }
    ? StoreOf<S[Name], TypeOf<K>, TypeOf<V>>
    : never;
};

type Tables<T> = {
  readonly [Name in keyof T]: T[Name] extends ProcessTableHandle
    ? ProcessTable<KeyOf<T[Name]>, ValueOf<T[Name]>>
    : never;
};

/** May be left out where what the record has fits. */
type Part<Name extends string, Of, To> = [Of] extends [To]
  ? { readonly [P in Name]?: To }
  : { readonly [P in Name]: To };

/**
 * What is left out is that of the record at work. In a timer there is none: no headers, the timestamp of the timer, and the key
 * only where the timer is that of a key.
 */
export type Emission<S extends AnyStream, K, V> = Part<'key', KeyOf<S>, K> &
  Part<'value', ValueOf<S>, V> & {
    /** ms since 1970. */
    readonly timestamp?: number;
    readonly headers?: Headers;
  };

/** What a function given to process() works with. */
export interface ProcessContext<
  S extends AnyStream,
  StoreOptions,
  K,
  V,
  // biome-ignore-start lint/complexity/noBannedTypes: no tables, no timers
  TableHandles = {},
  Clocks = {},
  // biome-ignore-end lint/complexity/noBannedTypes: see above
> {
  readonly stores: Stores<StoreOptions>;
  readonly tables: Tables<TableHandles>;
  readonly timers: { readonly [Name in keyof Clocks]: ProcessTimer<NonNullable<KeyOf<S>>> };
  /** Highest timestamp the task has taken in, with the record at work, in ms since 1970; -1 before the first. */
  readonly streamTime: number;
  /** Wall-clock time, ms since 1970. */
  readonly now: number;
  /** Where the record at work was read; undefined in timers. Behind a repartition topic it is the place in that topic. */
  readonly origin: RecordOrigin | undefined;
  /** The partition of the task. */
  readonly partition: number;
  /** Aborts when the task ends, however it ends: to let go of what was opened while setting up. */
  readonly signal: AbortSignal;
  /** Sends a record on. */
  emit(emission: Emission<S, K, V>): void;
  /** Has a function called again and again; while setting up only. Gives a function that ends it, until a restart. */
  every(interval: Duration, by: ProcessClock, fire: (timestamp: number) => void): () => void;
}
