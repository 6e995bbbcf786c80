import { MillraceError } from '../errors.ts';
import type { Codec } from './codecs/codec.ts';
import { summary } from './codecs/summary.ts';
import { handle } from './handle.ts';
import type { Message } from './message.ts';
import type { Operator, Receive } from './node.ts';
import type { ErrorPolicy } from './policyFor.ts';
import { outputOf, sourceSpec } from './sourceSpec.ts';
import type { Stream } from './types.ts';
import type { Duration } from './windows/duration.ts';

export interface StreamOptions<K, V> {
  /** Reads the keys. A record without a key fails with NULL_KEY, unless the codec is `nullable`. */
  readonly key: Codec<K>;
  /** Reads the values. A record without a value fails with NULL_VALUE, unless the codec is `nullable`. */
  readonly value: Codec<V>;
  /** Where to begin when there is no position yet; { ago: '1d' }: with the first record that is not older. Default: 'earliest'. */
  readonly reset?: 'earliest' | 'latest' | { readonly ago: Duration } | undefined;
  /** What happens to a record that fails; a function decides by the error and may be asked again. Default: 'fail', stop before it. */
  readonly onError?: ErrorPolicy | undefined;
  /**
   * Event time of a record in ms since 1970, UTC. Default: the record's own timestamp. `partitionTime` is the largest of the partition
   * before it; after a restart, until one is larger, that of its task; -1 before the first.
   */
  readonly timestamp?: ((value: V, message: Message<K, V>, partitionTime: number) => number) | undefined;
}

/**
 * Reads a topic, or several whose records are alike: each record is an event of its own, emitted with its key, value, timestamp
 * and headers. Keeps no state; the records' timestamps move stream time. Throws INVALID_NAME, INVALID_ARGUMENT and
 * INVALID_DURATION for what cannot be a source.
 *
 * @example
 * const orders = stream('orders', {
 *   key: text,
 *   value: json<Order>(),
 *   onError: { deadLetters: 'orders-dead' },
 *   timestamp: (order) => order.placedAt,
 * });
 * const events = stream(['events-eu', 'events-us'], { key: text, value: json<Event>(), reset: { ago: '1d' } });
 */
export function stream<K, V>(topic: string | readonly string[], options: StreamOptions<K, V>): Stream<K, V> {
  if (!Array.isArray(topic)) return one(topic as string, options);
  const topics = new Set<string>(topic);
  if (topics.size === 0 || topics.size < topic.length) throw badTopics(topic);
  const sources = Array.from(topics, (name) => one(name, options));
  if (sources.length === 1) return sources[0]!;
  const operator: Operator = { kind: 'merge', run: (_task, emit) => sources.map(() => emit) };
  const { key, value } = sources[0]!.node;
  return handle({
    shape: 'stream',
    operator: Object.freeze(operator),
    inputs: sources.map(({ node }) => node),
    key,
    value,
  });
}

function one<K, V>(topic: string, options: StreamOptions<K, V>): Stream<K, V> {
  const source = sourceSpec('stream', topic, options, ['key', 'value', 'reset', 'onError', 'timestamp']);
  const operator: Operator = Object.freeze({ kind: 'stream', source, run: neverRun });
  const { key, value } = options;
  return handle({ shape: 'stream', operator, inputs: [], key: outputOf(key), value: outputOf(value) });
}

function badTopics(topics: readonly unknown[]): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', 'stream() was given no list of topics that it could read', {
    expected: 'one or more topics, each once',
    found: summary(topics),
    next: "Write stream(['orders-eu', 'orders-us'], { key, value }).",
  });
}

function neverRun(): readonly Receive[] {
  throw new MillraceError('INTERNAL', 'The source of a stream was run as a step', {
    next: 'Report this to millrace with the topology.',
  });
}
