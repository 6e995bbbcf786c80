import type { OperatorFunction } from 'rxjs';
import { checkCodec } from '../dsl/codecs/checkCodec.ts';
import type { Codec } from '../dsl/codecs/codec.ts';
import type { Message } from '../dsl/message.ts';
import type { AnyCodec, AnyMessage, Operator } from '../dsl/node.ts';
import type { AnyStream, KeyOf, Made, MessageOf, Op } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { rxjsChain } from './kernels/rxjsChain.ts';
import type { KeyCodec } from './keyBy.ts';

/** Keys that are as before are written as before. */
type NewKeyCodec<K, K2> = unknown extends K2
  ? KeyCodec<K2>
  : [K2] extends [K]
    ? [codec?: Codec<NonNullable<K2>>]
    : KeyCodec<K2>;

/**
 * Puts a real RxJS operator, or several joined with RxJS's own `pipe`, into the topology. It is given whole messages and
 * gives whole messages; what it emits while it is given a record goes on with that record.
 *
 * It must emit synchronously: an emission from a timer or a promise fails the task (ASYNC_EMISSION); use mapAsync() for
 * promises. An error is the record's failure; the operator is then subscribed anew. It must not complete. The key may
 * change, so the next step that needs it repartitions; keys of another type need a codec. Operators that remember (scan,
 * distinct, pairwise, bufferCount, ...) have one memory per task, not per key, and lose it at every restart, rebalance and
 * failure: aggregate() remembers for good.
 *
 * @example
 * orders.pipe(rxjs(mergeMap((message) => message.value.items.map((item) => ({ ...message, value: item })))), to('items'));
 */
export function rxjs<S extends AnyStream, K2, V2>(
  operator: OperatorFunction<MessageOf<S>, Message<K2, V2>>,
  ...codec: NewKeyCodec<KeyOf<S>, NoInfer<K2>>
): Op<S, Made<S, K2, V2>>;
export function rxjs(
  operator: OperatorFunction<AnyMessage, AnyMessage>,
  codec?: AnyCodec,
): Op<AnyStream, AnyStream> {
  checkFunction(operator, 'operator of rxjs()');
  if (codec !== undefined) checkCodec(codec, 'codec of rxjs()');
  const step: Operator = {
    kind: 'rxjs',
    rekeys: true,
    run(task, emit) {
      const chain = rxjsChain(operator, task);
      task.onClose(() => chain.close());
      const feed = task.guard((_value: unknown, message: AnyMessage) => chain.feed(message));
      return [
        (message) => {
          for (const emitted of feed(message.value, message)) emit(emitted);
        },
      ];
    },
  };
  return (input) => append(input, ['stream'], step, { value: undefined, ...(codec && { key: codec }) });
}
