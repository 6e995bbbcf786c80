import { checkCodec } from '../dsl/codecs/checkCodec.ts';
import type { Codec } from '../dsl/codecs/codec.ts';
import { checkStepName } from '../dsl/names.ts';
import type { AnyFunction, Node, Operator } from '../dsl/node.ts';
import { checkOptions } from '../dsl/options.ts';
import type {
  ProcessClock,
  ProcessContext,
  ProcessStoreOptions,
  ProcessTableHandle,
} from '../dsl/processContext.ts';
import type { AnyStream, Keep, KeyOf, MessageOf, Op, Stream, ValueOf } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { inputNode } from './kernels/inputNode.ts';
import { keyCodec } from './kernels/keyCodec.ts';
import { type DescribedProcess, processRun } from './kernels/processRun.ts';
import { processStores } from './kernels/processStores.ts';
import { processTimers, timerStores } from './kernels/processTimer.ts';

export interface ProcessOptions<Stores, K, V, Tables, Timers> {
  /** Stores of this step alone, by name. Their full names, and so those of their changelogs: 'name of the step'-'name'. */
  readonly stores?: Stores | undefined;
  /** Tables to look into, by name. Those that are not global must have equally many partitions and write their keys alike. */
  readonly tables?: Tables | undefined;
  /** Timers that each key has of its own, by name, and the clock they go by. Their stores are named as stores are. */
  readonly timers?: Timers | undefined;
  /** Writes the keys of what is emitted, and says that they may be others than the records'. */
  readonly key?: Codec<K> | undefined;
  /** Writes the values of what is emitted. Default: the codec of the input. */
  readonly value?: Codec<V> | undefined;
  /** Name of the step. Default: derived from the path. */
  readonly name?: string | undefined;
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
 * they may be any: the next step that needs the key repartitions. A step with stores, timers or tables gets its records by key itself.
 *
 * Stores hold rows by key; with a `retention`, by key and time; `versioned`, what rows were, too. `tables` are read as they are when
 * the record is at work. `timers` are alarms of keys: `set(key, due)` replaces what was set, and onDue() says what is done then, with
 * the time that was due as timestamp. Of stream time they fire when the record that moved it there has gone through the whole task.
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
 * // Orders that nobody pays within the hour
 * orders.pipe(
 *   process(
 *     {
 *       stores: { open: { key: text, value: json<Order>() } },
 *       timers: { unpaid: 'streamTime' },
 *     },
 *     ({ stores: { open }, timers: { unpaid }, emit }) => {
 *       unpaid.onDue((key) => emit({ value: open.get(key)! }));
 *       return ({ key, value, timestamp }) => {
 *         open.put(key, value);
 *         if (value.paid) unpaid.clear(key);
 *         else unpaid.set(key, timestamp + 3_600_000);
 *       };
 *     },
 *   ),
 *   to('unpaid-orders'),
 * );
 */
export function process<
  S extends AnyStream,
  // biome-ignore-start lint/complexity/noBannedTypes: no stores, no tables, no timers
  Stores extends Readonly<Record<string, ProcessStoreOptions>> = {},
  K = Unchanged,
  V = Unchanged,
  Tables extends Readonly<Record<string, ProcessTableHandle>> = {},
  Timers extends Readonly<Record<string, ProcessClock>> = {},
  // biome-ignore-end lint/complexity/noBannedTypes: see above
>(
  options: ProcessOptions<Stores, K, V, Tables, Timers>,
  setUp: (
    context: ProcessContext<S, Stores, Or<K, KeyOf<S>>, Or<V, ValueOf<S>>, Tables, Timers>,
  ) => (message: MessageOf<S>) => void,
): Op<S, Emitted<S, K, V>>;
export function process(options: unknown, setUp: AnyFunction): Op<AnyStream, AnyStream> {
  checkOptions(options, ['stores', 'tables', 'timers', 'key', 'value', 'name'], 'process()');
  checkFunction(setUp, 'second argument of process()', 'a function of (context) that gives one of (message)');
  const given = (options ?? {}) as ProcessOptions<unknown, unknown, unknown, unknown, unknown>;
  const { key, value, name } = given;
  if (key !== undefined) checkCodec(key, 'key of process()');
  if (value !== undefined) checkCodec(value, 'value of process()');
  if (name !== undefined) checkStepName(name, 'process()');
  const stores = processStores(given.stores);
  const tables = tableNodes(given.tables);
  const timers = processTimers(given.timers);
  const emits = { name, ...(key && { key }), ...(value && { value }) };
  return (input) => {
    const node = inputNode('process', input, ['stream']);
    const keys = timers.length > 0 ? keyCodec('process', node, undefined) : undefined;
    const described = { setUp, stores, timers, key: keys, tables: tables.map(([table]) => table) };
    const inputs = [node, ...tables.map(([, table]) => table)];
    return append(input, ['stream'], operatorOf(described, inputs, key !== undefined), { ...emits, inputs });
  };
}

function operatorOf(described: DescribedProcess, [, ...tables]: readonly Node[], rekeys: boolean): Operator {
  const { stores, timers, key } = described;
  const specs = [
    ...stores.flatMap((store) => store.specs),
    ...timers.flatMap(([name]) => timerStores(name, key!)),
  ];
  const keyed = specs.length > 0 || tables.some(({ shape }) => shape === 'table');
  return {
    kind: 'process',
    ...(rekeys && { rekeys }),
    ...(keyed && { keyed }),
    stores: specs,
    // Changes of the tables emit nothing: they are looked into.
    run: (task, emit) => [processRun(task, described, emit), ...tables.map(() => () => {})],
  };
}

function tableNodes(tables: unknown): readonly (readonly [name: string, node: Node])[] {
  if (tables === undefined) return [];
  checkOptions(tables, Object.keys(tables ?? {}), 'the tables of process()');
  return Object.entries(tables as Record<string, unknown>).map(
    ([name, table]) => [name, inputNode('process', table, ['table', 'globalTable'])] as const,
  );
}
