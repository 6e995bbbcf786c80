import { checkCodec } from '../dsl/codecs/checkCodec.ts';
import type { Codec } from '../dsl/codecs/codec.ts';
import type { Headers } from '../dsl/message.ts';
import { checkStepName } from '../dsl/names.ts';
import type { AnyCodec, AnyFunction, Operator, StoreSpec } from '../dsl/node.ts';
import { checkOptions } from '../dsl/options.ts';
import type { AnyStream, Keep, KeyOf, MessageOf, Op, Stream, ValueOf } from '../dsl/types.ts';
import type { Duration } from '../dsl/windows/duration.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { processRun } from './kernels/processRun.ts';

/** How a store of process() writes its rows. */
export interface ProcessStoreOptions {
  // biome-ignore-start lint/suspicious/noExplicitAny: any key and value may be kept
  readonly key: Codec<any>;
  readonly value: Codec<any>;
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
}

export interface ProcessOptions<Stores, K, V> {
  /** Stores of this step alone, by name. Their full names, and so those of their changelogs: 'name of the step'-'name'. */
  readonly stores?: Stores | undefined;
  /** Writes the keys of what is emitted, and says that they may be others than the records'. */
  readonly key?: Codec<K> | undefined;
  /** Writes the values of what is emitted. Default: the codec of the input. */
  readonly value?: Codec<V> | undefined;
  /** Name of the step. Default: derived from the path. */
  readonly name?: string | undefined;
}

/** Rows by key. They are durable with the record, or the timer, in whose turn they were changed. */
export interface ProcessStore<K, V> {
  get(key: K): V | undefined;
  /** Keeps the value. Do not change it afterwards, put another. */
  put(key: K, value: V): void;
  delete(key: K): void;
  /** All rows of this task, by encoded key. They may be changed on the way. */
  entries(): Iterable<readonly [key: K, value: V]>;
}

type TypeOf<C> = C extends Codec<infer T> ? T : never;

/** May be left out where what the record has fits. */
type Part<Name extends string, Of, To> = [Of] extends [To]
  ? { readonly [P in Name]?: To }
  : { readonly [P in Name]: To };

/** What is left out is that of the record at work. In a timer there is none: no headers, the timestamp of the timer. */
export type Emission<S extends AnyStream, K, V> = Part<'key', KeyOf<S>, K> &
  Part<'value', ValueOf<S>, V> & {
    /** ms since 1970. */
    readonly timestamp?: number;
    readonly headers?: Headers;
  };

/** What a function given to process() works with. */
export interface ProcessContext<S extends AnyStream, Stores, K, V> {
  readonly stores: {
    readonly [Name in keyof Stores]: Stores[Name] extends {
      readonly key: infer KeyCodec;
      readonly value: infer ValueCodec;
    }
      ? ProcessStore<TypeOf<KeyCodec>, TypeOf<ValueCodec>>
      : never;
  };
  /** Highest timestamp the task has taken in, with the record at work, in ms since 1970; -1 before the first. */
  readonly streamTime: number;
  /** Wall-clock time, ms since 1970. */
  readonly now: number;
  /** Sends a record on. */
  emit(emission: Emission<S, K, V>): void;
  /** Has a function called again and again; while setting up only. */
  every(interval: Duration, by: 'streamTime' | 'wallClock', fire: (timestamp: number) => void): void;
}

declare const unchanged: unique symbol;
/** Stands for the type of the input where no codec is given. */
type Unchanged = typeof unchanged;
type Or<T, Otherwise> = [T] extends [Unchanged] ? Otherwise : T;
type Emitted<S extends AnyStream, K, V> = [V] extends [Unchanged]
  ? Keep<S, Stream<Or<K, KeyOf<S>>, ValueOf<S>>>
  : Stream<Or<K, KeyOf<S>>, V>;

/**
 * Does what no other operator does, record by record, with stores and timers of its own. `setUp` is called once per task, before
 * its first record, and gives the function that is called with each record; what that keeps for good belongs into a store.
 *
 * `emit` sends records on when the function has returned; what the emission leaves out is that of the record. Keys must be
 * the record's own, or others of its partition: what follows looks for a key where it belongs. With `key`, the codec of new keys,
 * they may be any: the next step that needs the key repartitions. A step with stores gets its records by key itself.
 *
 * `every(interval, 'streamTime', ...)` fires after the first record, then whenever stream time has reached another multiple of the
 * interval: when the record that moved it has gone through the whole task, once however many were passed, with the stream time.
 * Restarts change nothing. 'wallClock' fires first one interval after the start of the task, then on the same grid, with the
 * time; a restart begins the grid anew.
 *
 * Everything is synchronous: emissions and changes of stores outside a turn (in a promise, say) fail the task (ASYNC_EMISSION). Two
 * steps cannot share a store (AMBIGUOUS_NAME). What a timer throws ends the task: no record is to blame that could be passed on.
 *
 * @example
 * readings.pipe(
 *   process({ stores: { latest: { key: text, value: json<number>() } } }, (context) => {
 *     const { latest } = context.stores;
 *     context.every('10s', 'streamTime', () => {
 *       for (const [key, value] of latest.entries()) context.emit({ key, value });
 *     });
 *     return ({ key, value }) => latest.put(key, value);
 *   }),
 *   to('readings-every-10s'),
 * );
 */
export function process<
  S extends AnyStream,
  // biome-ignore lint/complexity/noBannedTypes: no stores
  Stores extends Readonly<Record<string, ProcessStoreOptions>> = {},
  K = Unchanged,
  V = Unchanged,
>(
  options: ProcessOptions<Stores, K, V>,
  setUp: (
    context: ProcessContext<S, Stores, Or<K, KeyOf<S>>, Or<V, ValueOf<S>>>,
  ) => (message: MessageOf<S>) => void,
): Op<S, Emitted<S, K, V>>;
export function process(options: unknown, setUp: AnyFunction): Op<AnyStream, AnyStream> {
  checkOptions(options, ['stores', 'key', 'value', 'name'], 'process()');
  checkFunction(setUp, 'second argument of process()', 'a function of (context) that gives one of (message)');
  const { stores, key, value, name } = (options ?? {}) as ProcessOptions<unknown, unknown, unknown>;
  if (key !== undefined) checkCodec(key, 'key of process()');
  if (value !== undefined) checkCodec(value, 'value of process()');
  if (name !== undefined) checkStepName(name, 'process()');
  const specs = storeSpecs(stores);
  const operator: Operator = {
    kind: 'process',
    ...(key && { rekeys: true }),
    ...(specs.length > 0 && { keyed: true }),
    stores: specs,
    run: (task, emit) => [
      processRun(
        task,
        specs.map(({ suffix }) => suffix),
        setUp,
        emit,
      ),
    ],
  };
  const emits = { name, ...(key && { key }), ...(value && { value }) };
  return (input) => append(input, ['stream'], operator, emits);
}

function storeSpecs(stores: unknown): readonly StoreSpec[] {
  if (stores === undefined) return [];
  checkOptions(stores, Object.keys(stores ?? {}), 'the stores of process()');
  return Object.entries(stores as Record<string, unknown>).map(([suffix, store]): StoreSpec => {
    checkStepName(suffix, 'store of process()');
    checkOptions(store, ['key', 'value'], `store ${suffix} of process()`);
    const { key, value } = (store ?? {}) as { readonly key: AnyCodec; readonly value: AnyCodec };
    checkCodec(key, `key of store ${suffix} of process()`);
    checkCodec(value, `value of store ${suffix} of process()`);
    return Object.freeze({ suffix, kind: 'keyValue', key, value });
  });
}
