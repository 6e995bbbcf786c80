import { checkCodec } from '../../dsl/codecs/checkCodec.ts';
import type { Codec } from '../../dsl/codecs/codec.ts';
import { headed } from '../../dsl/codecs/headed.ts';
import type { IsJson } from '../../dsl/codecs/isJson.ts';
import { json } from '../../dsl/codecs/json.ts';
import { checkStepName } from '../../dsl/names.ts';
import type { AnyCodec, AnyFunction, Node } from '../../dsl/node.ts';
import { checkOptions } from '../../dsl/options.ts';
import type { AnyTable, KeyOf, NeedsCodec, Op, ValueOf } from '../../dsl/types.ts';
import { append } from './append.ts';
import { checkFunction } from './checkFunction.ts';
import { foreignKeyLookup } from './foreignKeyLookup.ts';
import { foreignKeyResult } from './foreignKeyResult.ts';
import { foreignKeySubscribe } from './foreignKeySubscribe.ts';
import { inputNode } from './inputNode.ts';
import { keyCodec } from './keyCodec.ts';

export interface ForeignKeyOptions<L, R, V, RK = unknown> {
  /** Name of the store of results, and with it of the other store and the topics of the join. Default: derived from the path. */
  readonly name?: string | undefined;
  /** Writes the results. Default: JSON. */
  readonly value?: Codec<V> | undefined;
  /** Writes rows of the left table, to know whether they have changed. Default: the codec they came with, else JSON. */
  readonly left?: Codec<L> | undefined;
  /** Writes rows of the right table on their way to the left ones. Default: the codec they came with, else JSON. */
  readonly right?: Codec<R> | undefined;
  /**
   * Where the right row of a key lies, where its topic is not partitioned by the bytes of the key: 0 <= answer < partitions. The
   * left table may be partitioned in any way.
   */
  readonly partitioner?: ((key: RK, partitions: number) => number) | undefined;
}

type Anything = Record<never, never>;

/** While the type of the results is still being found, any codec may fit. */
type ResultCodec<V> = unknown extends V
  ? // biome-ignore lint/suspicious/noExplicitAny: see above
    { readonly value?: Codec<any> }
  : IsJson<NonNullable<V>> extends true
    ? Anything
    : { readonly value: Codec<NonNullable<V>> };

type Needed<S extends AnyTable, T extends AnyTable, V> = (S extends NeedsCodec
  ? { readonly left: Codec<ValueOf<S>> }
  : Anything) &
  (T extends NeedsCodec ? { readonly right: Codec<ValueOf<T>> } : Anything) &
  ResultCodec<V>;

type All<S extends AnyTable, T extends AnyTable, V> = (unknown extends V
  ? Omit<ForeignKeyOptions<ValueOf<S>, ValueOf<T>, V, KeyOf<T>>, 'value'>
  : ForeignKeyOptions<ValueOf<S>, ValueOf<T>, NonNullable<V>, KeyOf<T>>) &
  Needed<S, T, V>;

/** The options, not to be left out where a codec is needed. */
export type ForeignKeyArguments<S extends AnyTable, T extends AnyTable, V> =
  Anything extends Needed<S, T, V> ? [options?: All<S, T, V>] : [options: All<S, T, V>];

/** What joinForeignKey and leftJoinForeignKey are told. */
interface Described {
  readonly table: unknown;
  readonly foreignKey: AnyFunction;
  readonly join: AnyFunction;
  readonly options: unknown;
  readonly left: boolean;
}

/**
 * Three steps with a repartition topic between each two, since left and right rows lie in other partitions: what left rows ask,
 * the right rows that answer, and the answers where the left rows are.
 */
export function foreignKeyJoin(kind: string, described: Described): Op<AnyTable, AnyTable> {
  const { table, foreignKey, join, left } = described;
  checkFunction(foreignKey, `foreign key of ${kind}()`);
  checkFunction(join, `function of ${kind}()`);
  const right = inputNode(kind, table, ['table']);
  checkOptions(described.options, ['name', 'value', 'left', 'right', 'partitioner'], `${kind}()`);
  const options = (described.options ?? {}) as ForeignKeyOptions<unknown, unknown, unknown>;
  const { name, value = json(), partitioner } = options;
  if (name !== undefined) checkStepName(name, `name of ${kind}()`);
  checkCodec(value, `value of ${kind}()`);
  if (partitioner !== undefined) checkFunction(partitioner, `partitioner of ${kind}()`);
  const rightRow = rowCodec(kind, 'right', right, options);
  const rightKey = keyCodec(kind, right, undefined);
  return (input) => {
    const node = inputNode(kind, input, ['table']);
    const key = keyCodec(kind, node, undefined);
    const row = rowCodec(kind, 'left', node, options);
    const subscribe = foreignKeySubscribe({ foreignKey, left, key: rightKey, row, partitioner });
    const asked = append<AnyTable>(input, ['table'], subscribe, {
      shape: 'stream',
      key: rightKey,
      value: headed(key),
      window: undefined,
    });
    const answered = append<AnyTable>(asked, ['stream'], foreignKeyLookup(key, rightKey, left), {
      inputs: [asked.node, right],
      name: name === undefined ? undefined : `${name}-subscriptions`,
      key,
      value: headed(rightRow),
    });
    const store = { suffix: '', kind: 'keyValue', key, value } as const;
    const result = foreignKeyResult({ kind, join, left, row, store });
    return append(input, ['table'], result, { inputs: [node, answered.node], name, key, value });
  };
}

function rowCodec(
  kind: string,
  side: 'left' | 'right',
  node: Node,
  options: ForeignKeyOptions<unknown, unknown, unknown>,
): AnyCodec {
  const codec = options[side] ?? node.value ?? json();
  checkCodec(codec, `${side} of ${kind}()`);
  return codec;
}
