import { MillraceError } from '../errors.ts';
import type { Codec } from './codecs/codec.ts';
import { handle } from './handle.ts';
import type { Message } from './message.ts';
import type { ErrorPolicy, Operator, Receive } from './node.ts';
import { outputOf, sourceSpec } from './sourceSpec.ts';
import type { Stream } from './types.ts';

export interface StreamOptions<K, V> {
  /** Reads the keys. A record without a key fails with NULL_KEY, unless the codec is `nullable`. */
  readonly key: Codec<K>;
  /** Reads the values. A record without a value fails with NULL_VALUE, unless the codec is `nullable`. */
  readonly value: Codec<V>;
  /** Where to begin when there is no position yet. Default: 'earliest'. */
  readonly reset?: 'earliest' | 'latest' | undefined;
  /** What happens to a record that cannot be read. Default: 'fail', stop before it. */
  readonly onError?: ErrorPolicy | undefined;
  /** Event time of a record in ms since 1970, UTC. Default: the record's own timestamp. */
  readonly timestamp?: ((value: V, message: Message<K, V>) => number) | undefined;
}

/**
 * Reads a topic: each record is an event of its own, emitted with its key, value, timestamp and headers. Keeps no state;
 * the records' timestamps move stream time. Throws INVALID_NAME and INVALID_ARGUMENT for what cannot be a source.
 *
 * @example
 * const orders = stream('orders', {
 *   key: text,
 *   value: json<Order>(),
 *   onError: { deadLetters: 'orders-dead' },
 *   timestamp: (order) => order.placedAt,
 * });
 */
export function stream<K, V>(topic: string, options: StreamOptions<K, V>): Stream<K, V> {
  const source = sourceSpec('stream', topic, options, ['key', 'value', 'reset', 'onError', 'timestamp']);
  const operator: Operator = Object.freeze({ kind: 'stream', source, run: neverRun });
  const { key, value } = options;
  return handle({ shape: 'stream', operator, inputs: [], key: outputOf(key), value: outputOf(value) });
}

function neverRun(): readonly Receive[] {
  throw new MillraceError('INTERNAL', 'The source of a stream was run as a step', {
    next: 'Report this to millrace with the topology.',
  });
}
