import { checkChoice } from '../../dsl/checkChoice.ts';
import { checkCodec } from '../../dsl/codecs/checkCodec.ts';
import type { Codec } from '../../dsl/codecs/codec.ts';
import type { IsJson } from '../../dsl/codecs/isJson.ts';
import { json } from '../../dsl/codecs/json.ts';
import { checkStepName } from '../../dsl/names.ts';
import type { AnyCodec, Node, Shape } from '../../dsl/node.ts';
import { checkOptions } from '../../dsl/options.ts';
import type { Duration } from '../../dsl/windows/duration.ts';
import { keyCodec } from './keyCodec.ts';

export interface StoreOptions<K, V> {
  /** Name of the store, and with it of its changelog topic. Default: derived from the path, as 'orders.keyBy.count'. */
  readonly name?: string | undefined;
  /** Writes the keys. Default: the codec they came with. */
  readonly key?: Codec<K> | undefined;
  /** Writes the rows, and what is made of them behind. Default: JSON. */
  readonly value?: Codec<V> | undefined;
  /**
   * Windows only: how long rows are kept after the start of their window, sessions after their end. Least, and default: size + grace,
   * 2 * difference + grace, or gap + grace, sessions by default a millisecond longer, until they have closed.
   */
  readonly retention?: Duration | undefined;
  /**
   * Aggregations of streams only: what a change says that the row was before, which is what steps behind take out again. 'row': what it
   * was (default). 'kafka-streams': as there, a row that was not there was the initial value, and a session was nothing.
   */
  readonly before?: 'row' | 'kafka-streams' | undefined;
}

/** The last argument of steps that keep rows: the store's name alone, or more. */
export type Store<K, V> = string | StoreOptions<K, V>;

/** The same as a rest parameter: not to be left out where JSON cannot carry the rows. */
export type StoreArgument<K, V> =
  IsJson<V> extends true ? [store?: Store<K, V>] : [store: StoreOptions<K, V> & { readonly value: Codec<V> }];

/** What a step was told about its store, checked. */
export interface StoreSettings {
  readonly name: string | undefined;
  readonly key: AnyCodec;
  readonly value: AnyCodec;
  readonly retention: Duration | undefined;
  readonly before: 'row' | 'kafka-streams';
}

const general = ['name', 'key', 'value'];
const ofAggregations: Readonly<Partial<Record<Shape, readonly string[]>>> = {
  stream: [...general, 'before'],
  windowed: [...general, 'before', 'retention'],
};

/** `rows` is the codec of the rows where the user names none. */
export function storeSettings(
  kind: string,
  store: unknown,
  input: Node,
  rows: AnyCodec = json(),
  known: readonly string[] = general,
): StoreSettings {
  const options = typeof store === 'string' ? { name: store } : store;
  checkOptions(options, known, `the store of ${kind}()`);
  const {
    name,
    key,
    value = rows,
    retention,
    before = 'row',
  } = (options ?? {}) as StoreOptions<unknown, unknown>;
  if (name !== undefined) checkStepName(name, `store of ${kind}()`);
  checkCodec(value, `value of the store of ${kind}()`);
  checkChoice(before, ['row', 'kafka-streams'], `before of the store of ${kind}()`);
  return { name, key: keyCodec(kind, input, key), value, retention, before };
}

/** The same for steps that fold a stream, or the rows of a grouped table. */
export function aggregationSettings(
  kind: string,
  store: unknown,
  input: Node,
  rows?: AnyCodec,
): StoreSettings {
  return storeSettings(kind, store, input, rows, ofAggregations[input.shape]);
}
