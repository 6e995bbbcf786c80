import type { AnyFunction } from '../dsl/node.ts';
import type { AnyStream, KeyOf, Op, Stream, ValueOf } from '../dsl/types.ts';
import type { JoinedMessage, JoinedStream, JoinStreamArguments } from './kernels/joinWindow.ts';
import { streamJoin } from './kernels/streamJoin.ts';

/**
 * Emits each pair of records of two streams that have the same key and lie near each other in time, and each record of the left
 * stream that has found no partner with null, once stream time says that none can come any more (its time, `after` and the
 * grace have passed): before the results of the record that moved the time, by time and key.
 *
 * As joinStream(), but records of the left stream without a key are joined with null at once.
 *
 * @example
 * orders.pipe(leftJoinStream(payments, (order, payment) => ({ ...order, paid: payment !== null }), { after: '10m' }), to('orders-paid'));
 */
export function leftJoinStream<S extends AnyStream, W, R>(
  right: Stream<NonNullable<KeyOf<S>> | null, W>,
  join: (left: NonNullable<ValueOf<S>>, right: NonNullable<W> | null, message: JoinedMessage<S>) => R,
  ...options: JoinStreamArguments<S, W>
): Op<S, JoinedStream<S, KeyOf<S>, R>>;
export function leftJoinStream(
  right: unknown,
  join: AnyFunction,
  options?: unknown,
): Op<AnyStream, AnyStream> {
  return streamJoin('leftJoinStream', right, join, options, 'left');
}
