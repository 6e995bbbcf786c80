import type { IsJson } from './codecs/isJson.ts';
import type { Message, WindowKey } from './message.ts';
import type { Node } from './node.ts';
import type { Pipeable } from './pipe.ts';

declare const types: unique symbol;
declare const uncoded: unique symbol;
declare const inSessions: unique symbol;

/** All that `pipe` takes: a function from one handle to the next. It describes; nothing runs yet. */
export type Op<I, O> = (input: I) => O;

interface Handle<Shape, K, V> extends Pipeable {
  readonly shape: Shape;
  readonly node: Node;
  /** Never set: carries the types of key and value. */
  readonly [types]: { readonly key: K; readonly value: V };
}

/** Records, each an event of its own. */
export interface Stream<K, V> extends Handle<'stream', K, V> {}
/** A keyed stream cut into windows: to be counted, summed, reduced or aggregated. */
export interface Windowed<K, V> extends Handle<'windowed', WindowKey<K>, V> {}
/** The latest value of each key, kept in SQLite; its records are changes. */
export interface Table<K, V> extends Handle<'table', K, V> {}
/** A table regrouped by another key: to be counted, summed, reduced or aggregated with a subtractor. */
export interface GroupedTable<K, V> extends Handle<'groupedTable', K, V> {}
/** A table of which every worker holds all partitions: joins with it need no co-partitioning. */
export interface GlobalTable<K, V> extends Handle<'globalTable', K, V> {}
/** The end of a description: what `app` is given. */
export interface Sink {
  readonly shape: 'sink';
  readonly node: Node;
}

// biome-ignore-start lint/suspicious/noExplicitAny: bounds of inference: any key and value may stand here
export type AnyStream = Stream<any, any>;
export type AnyTable = Table<any, any>;
export type Keyed = AnyStream | AnyTable;
export type AnyWindowed = Windowed<any, any>;
export type AnyGroupedTable = GroupedTable<any, any>;
export type Grouped = AnyStream | AnyWindowed | AnyGroupedTable;
type AnyHandle = Handle<any, any, any>;
// biome-ignore-end lint/suspicious/noExplicitAny: see above

export type KeyOf<S extends AnyHandle> = S extends Handle<unknown, infer K, unknown> ? K : never;
export type ValueOf<S extends AnyHandle> = S extends Handle<unknown, unknown, infer V> ? V : never;
export type MessageOf<S extends AnyHandle> = Message<KeyOf<S>, ValueOf<S>>;
/** The same kind of handle with another key and value. */
export type With<S, K, V> = S extends AnyStream ? Stream<K, V> : S extends AnyTable ? Table<K, V> : never;

/** Marks handles whose values came out of a function and are nothing JSON can carry: who writes them must name a codec. */
export interface NeedsCodec {
  /** Never set. */
  readonly [uncoded]: true;
}
/** What a function made of the values of S. */
export type Made<S, K, V> = IsJson<V> extends true ? With<S, K, V> : With<S, K, V> & NeedsCodec;
/** Marks what was cut into sessions: two of them may have to be merged. */
export interface InSessions {
  /** Never set. */
  readonly [inSessions]: true;
}
/** H, still in need of a codec if S, or one of several, is. */
export type Keep<S, H> = [Extract<S, NeedsCodec>] extends [never] ? H : H & NeedsCodec;
