import type { AnyFunction } from '../dsl/node.ts';
import type { AnyStream, KeyOf, Op, Stream, ValueOf } from '../dsl/types.ts';
import type { JoinedMessage, JoinedStream, JoinStreamArguments } from './kernels/joinWindow.ts';
import { streamJoin } from './kernels/streamJoin.ts';

/**
 * Emits each pair of records of two streams that have the same key and lie near each other in time: `within` so much of each other,
 * or from `before` to `after` the record of the left stream.
 *
 * The result has their key, the larger of their timestamps and the headers of the record that came last; pairs that one
 * record completes come in order of their partners' times. Both sides are kept in stores for before + after + grace of
 * stream time, so long may records come late. Records without a key ('null-key') or a value ('null-value') are dropped. Both
 * sides must have equally many partitions; a stream whose key was changed is repartitioned first. INVALID_DURATION,
 * INVALID_ARGUMENT.
 *
 * @example
 * orders.pipe(joinStream(payments, (order, payment) => ({ ...order, paid: payment.amount }), { within: '10m', grace: '1m' }), to('paid'));
 */
export function joinStream<S extends AnyStream, W, R>(
  right: Stream<NonNullable<KeyOf<S>> | null, W>,
  join: (left: NonNullable<ValueOf<S>>, right: NonNullable<W>, message: JoinedMessage<S>) => R,
  ...options: JoinStreamArguments<S, W>
): Op<S, JoinedStream<S, NonNullable<KeyOf<S>>, R>>;
export function joinStream(right: unknown, join: AnyFunction, options?: unknown): Op<AnyStream, AnyStream> {
  return streamJoin('joinStream', right, join, options, 'none');
}
