import { checkCodec } from '../dsl/codecs/checkCodec.ts';
import type { Codec } from '../dsl/codecs/codec.ts';
import { text } from '../dsl/codecs/text.ts';
import type { AnyCodec, AnyFunction, Operator } from '../dsl/node.ts';
import type { AnyStream, Keep, MessageOf, Op, Stream, ValueOf } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';

/** Text writes strings; a key of any other type must say how it is written. */
export type KeyCodec<K> = unknown extends K
  ? // biome-ignore lint/suspicious/noExplicitAny: the key's type is not known here, so any codec may fit
    [codec?: Codec<any>]
  : [K] extends [string | null | undefined]
    ? [codec?: Codec<NonNullable<K>>]
    : [codec: Codec<NonNullable<K>>];

/** No key is null, also where the function answers undefined. */
export type Key<K> = undefined extends K ? Exclude<K, undefined> | null : K;

/**
 * Emits each record with the key that the function gives it. null or undefined: no key.
 *
 * Nothing moves yet: the next step that counts, joins or keeps rows reads the records through a repartition topic, which
 * drops those without a key ('null-key'). Value, timestamp and headers stay. Keys that are not strings need a codec.
 *
 * @example
 * orders.pipe(keyBy((order) => order.userId), count());
 * orders.pipe(keyBy((order) => order.shopNumber, int64), count());
 */
export function keyBy<S extends AnyStream, K>(
  keyOf: (value: ValueOf<S>, message: MessageOf<S>) => K,
  ...codec: KeyCodec<NoInfer<K>>
): Op<S, Keep<S, Stream<Key<K>, ValueOf<S>>>>;
export function keyBy(keyOf: AnyFunction, codec: AnyCodec = text): Op<AnyStream, AnyStream> {
  checkFunction(keyOf, 'function of keyBy()');
  checkCodec(codec, 'codec of keyBy()');
  const operator: Operator = {
    kind: 'keyBy',
    rekeys: true,
    run(task, emit) {
      const guarded = task.guard(keyOf);
      return [
        (message) => {
          const { value, timestamp, headers } = message;
          emit({ key: guarded(value, message) ?? null, value, timestamp, headers });
        },
      ];
    },
  };
  return (input) => append(input, ['stream'], operator, { key: codec });
}
