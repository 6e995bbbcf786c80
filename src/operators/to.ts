import { checkCodec } from '../dsl/codecs/checkCodec.ts';
import type { Codec } from '../dsl/codecs/codec.ts';
import { json } from '../dsl/codecs/json.ts';
import type { Message } from '../dsl/message.ts';
import { checkTopicName } from '../dsl/names.ts';
import type { AnyCodec, AnyFunction, AnyMessage, Operator, Partitioner, SinkSpec } from '../dsl/node.ts';
import { checkOptions } from '../dsl/options.ts';
import type { AnyTable, Keyed, KeyOf, NeedsCodec, Op, Sink, ValueOf } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { inputNode } from './kernels/inputNode.ts';
import { keyCodec } from './kernels/keyCodec.ts';

/** What is written: of tables also the deletions. */
type Written<S extends Keyed> = S extends AnyTable ? ValueOf<S> | null : ValueOf<S>;

export interface ToOptions<K, V> {
  /** Writes the keys. Default: the codec they came with. */
  readonly key?: Codec<NonNullable<K>> | undefined;
  /** Writes the values. Default: the codec they came with, or JSON where a step has made them. */
  readonly value?: Codec<NonNullable<V>> | undefined;
  /**
   * Chooses the partition: 0 <= answer < partitions. A list: a record in each of them; [] drops it ('no-partition'). undefined,
   * and default: by the key's bytes, as Kafka's own producer.
   */
  readonly partition?:
    | ((value: V, message: Message<K, V>, partitions: number) => number | readonly number[] | undefined)
    | undefined;
}

type ToArguments<S, K, V> = S extends NeedsCodec
  ? [options: ToOptions<K, V> & { readonly value: Codec<NonNullable<V>> }]
  : [options?: ToOptions<K, V>];

/**
 * Writes each record to a topic: always the same, or the one the function names for the record. A table writes its changes:
 * the new row, or a record without a value where a row was deleted.
 *
 * Key, timestamp and headers are written as they are. What is written is committed together with the positions read and the
 * state changed by it. A topic must exist. Values that JSON cannot carry need a codec.
 *
 * @example
 * orders.pipe(count('orders'), to('orders-by-user', { value: int64 }));
 * events.pipe(to((event) => `events-${event.kind}`));
 */
export function to<S extends Keyed>(
  topic: string | ((value: Written<S>, message: Message<KeyOf<S>, Written<S>>) => string),
  ...options: ToArguments<S, KeyOf<S>, Written<S>>
): Op<S, Sink>;
export function to(topic: string | AnyFunction, options: ToOptions<unknown, unknown> = {}): Op<Keyed, Sink> {
  if (typeof topic !== 'function') checkTopicName(topic, 'topic of to()');
  checkOptions(options, ['key', 'value', 'partition'], 'to()');
  const { partition, value } = options;
  if (partition !== undefined) checkFunction(partition, 'partition of to()');
  if (value !== undefined) checkCodec(value, 'value of to()');
  return (input) => {
    const node = inputNode('to', input, ['stream', 'table']);
    const codecs = { key: keyCodec('to', node, options.key), value: value ?? node.value ?? json() };
    const operator = writing(
      { topic, partition: partition as Partitioner | undefined },
      codecs,
      node.shape === 'table',
    );
    return append(input, ['stream', 'table'], operator, { shape: 'sink', ...codecs, window: undefined });
  };
}

function writing(
  sink: SinkSpec,
  { key, value }: { readonly key: AnyCodec; readonly value: AnyCodec },
  changes: boolean,
): Operator {
  return {
    kind: 'to',
    sink,
    run(task) {
      const { topic, partition } = sink;
      const guarded: SinkSpec = {
        topic: typeof topic === 'string' ? topic : task.guard(topic),
        partition: partition && task.guard(partition),
      };
      const send = (message: AnyMessage): void => task.send(guarded, message, key, value);
      if (!changes) return [send];
      return [
        (message) => {
          const { timestamp, headers } = message;
          send({ key: message.key, value: message.value.after, timestamp, headers });
        },
      ];
    },
  };
}
