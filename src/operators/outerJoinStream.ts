import type { AnyFunction } from '../dsl/node.ts';
import type { AnyStream, KeyOf, Op, Stream, ValueOf } from '../dsl/types.ts';
import type { JoinedMessage, JoinedStream, JoinStreamArguments } from './kernels/joinWindow.ts';
import { streamJoin } from './kernels/streamJoin.ts';

/**
 * Emits each pair of records of two streams that have the same key and lie near each other in time, and each record of either
 * stream that has found no partner with null, once stream time says that none can come any more: before the results of the
 * record that moved the time, by time, those of the right stream first, and key.
 *
 * As joinStream(), but records without a key are joined with null at once.
 *
 * @example
 * sent.pipe(outerJoinStream(received, (s, r) => ({ sent: s !== null, received: r !== null }), { within: '1h' }), to('audit'));
 */
export function outerJoinStream<S extends AnyStream, W, R>(
  right: Stream<NonNullable<KeyOf<S>> | null, W>,
  join: (left: NonNullable<ValueOf<S>> | null, right: NonNullable<W> | null, message: JoinedMessage<S>) => R,
  ...options: JoinStreamArguments<S, W>
): Op<S, JoinedStream<S, KeyOf<S>, R>>;
export function outerJoinStream(
  right: unknown,
  join: AnyFunction,
  options?: unknown,
): Op<AnyStream, AnyStream> {
  return streamJoin('outerJoinStream', right, join, options, 'both');
}
