import { summary } from '../dsl/codecs/summary.ts';
import type { Message } from '../dsl/message.ts';
import type { AnyFunction, Node, Operator } from '../dsl/node.ts';
import type {
  AnyStream,
  AnyTable,
  AnyWindowed,
  InSessions,
  KeyOf,
  MessageOf,
  Op,
  Stream,
  Table,
  ValueOf,
} from '../dsl/types.ts';
import { MillraceError } from '../errors.ts';
import type { Aggregator, Merger } from './aggregate.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { checkMerge } from './kernels/checkMerge.ts';
import type { Fold, StoredKey } from './kernels/guardedFold.ts';
import { inputNode } from './kernels/inputNode.ts';
import { aggregationSettings, type StoreArgument } from './kernels/storeSettings.ts';
import { streamAggregation } from './kernels/streamAggregation.ts';
import { windowedTable } from './kernels/windowedTable.ts';

type Cogrouped = AnyStream | AnyWindowed;

/** As Aggregator, for the records of another stream in the rows, and windows, of the first. */
export type OtherAggregator<S extends Cogrouped, P extends AnyStream, A> = (
  accumulator: A,
  value: S extends AnyWindowed ? ValueOf<P> : NonNullable<ValueOf<P>>,
  message: S extends AnyWindowed ? Message<KeyOf<S>, ValueOf<P>> : MessageOf<P>,
) => A | null;

type Others<S extends Cogrouped, A, P extends readonly AnyStream[]> = {
  readonly [I in keyof P]: readonly [stream: P[I], add: OtherAggregator<S, P[I], A>];
};

type CogroupArguments<S extends Cogrouped, A> = S extends InSessions
  ? [merge: Merger<S, A>, ...StoreArgument<StoredKey<S>, NonNullable<A>>]
  : StoreArgument<StoredKey<S>, NonNullable<A>>;

/**
 * Folds the records of several streams with the same keys into one row per key, those of each stream with a function of its own,
 * as they come, beginning with the initial value; per window behind window(), which cuts all of the streams. Behind
 * window(session()), a function after the other streams merges the rows of sessions that have become one.
 *
 * A table, kept in a store, as aggregate() does: what it says of missing keys and values, timestamps, null and codecs holds
 * for each of the streams. In windows each stream goes by its own stream time: records of one make none of another late. Where
 * one may lag behind another by more than the grace, the store needs a longer retention to keep its windows so long.
 * Streams must have equally many partitions; those whose key was changed are repartitioned first. INVALID_ARGUMENT behind
 * windows that emit when they close: streams of different times do not agree on when that is.
 *
 * @example
 * orders.pipe(
 *   cogroup(
 *     () => ({ ordered: 0, paid: 0 }),
 *     (total, order) => ({ ...total, ordered: total.ordered + order.amount }),
 *     [
 *       [payments, (total, payment) => ({ ...total, paid: total.paid + payment.amount })],
 *       [refunds, (total, refund) => ({ ...total, paid: total.paid - refund.amount })],
 *     ],
 *     'balances',
 *   ),
 * );
 */
export function cogroup<S extends Cogrouped, A, P extends readonly Stream<StoredKey<S> | null, unknown>[]>(
  initial: () => A,
  add: Aggregator<S, A>,
  others: Others<S, NoInfer<A>, P>,
  ...rest: CogroupArguments<S, NoInfer<A>>
): Op<S, Table<NonNullable<KeyOf<S>>, NonNullable<A>>>;
export function cogroup(
  initial: AnyFunction,
  add: AnyFunction,
  others: readonly (readonly [stream: AnyStream, add: AnyFunction])[],
  ...rest: readonly unknown[]
): Op<Cogrouped, AnyTable> {
  checkFunction(initial, 'initial value of cogroup()');
  checkFunction(add, 'function of cogroup()');
  const added = otherStreams(others);
  const [merge, store] =
    typeof rest[0] === 'function' ? [rest[0] as AnyFunction, rest[1]] : [undefined, rest[0]];
  const fold = (of: AnyFunction): Fold => ({
    initial: initial as () => unknown,
    first: (value, message) => of(initial(), value, message),
    add: of,
    ...(merge !== undefined && { merge }),
  });
  return (input) => {
    const node = inputNode('cogroup', input, ['stream', 'windowed']);
    const inputs = [node, ...added.map((other) => other.node)] as const;
    const settings = aggregationSettings('cogroup', store, node);
    const folds = [add, ...added.map((other) => other.add)].map((of) => ({
      ...fold(of),
      before: settings.before,
    }));
    checkMerge('cogroup', node, {
      merge,
      given: merge !== undefined,
      call: 'cogroup(initial, add, others, merge)',
    });
    if (node.shape === 'windowed') {
      checkEmission(node);
      return windowedTable('cogroup', inputs, folds, settings);
    }
    const { name, key, value } = settings;
    const operator: Operator = {
      kind: 'cogroup',
      keyed: true,
      stores: [{ suffix: '', kind: 'keyValue', key, value }],
      ...streamAggregation(folds),
    };
    return append(input, ['stream'], operator, { inputs, shape: 'table', name, key, value });
  };
}

function otherStreams(others: unknown): readonly { readonly node: Node; readonly add: AnyFunction }[] {
  if (!Array.isArray(others) || !others.every((other) => Array.isArray(other) && other.length === 2)) {
    throw new MillraceError('INVALID_ARGUMENT', 'The other streams of cogroup() are not pairs', {
      expected: 'a list of [stream, function]',
      found: summary(others),
      next: 'Write cogroup(initial, add, [[payments, addPayment], [refunds, addRefund]]).',
    });
  }
  return others.map(([stream, add]) => {
    checkFunction(add, 'function of another stream of cogroup()');
    return { node: inputNode('cogroup', stream, ['stream']), add };
  });
}

function checkEmission({ emitOnClose }: Node): void {
  if (emitOnClose !== true) return;
  throw new MillraceError('INVALID_ARGUMENT', 'cogroup() cannot emit when windows close', {
    expected: "windows that emit with each record: window(spec) or { emit: 'onUpdate' }",
    found: "{ emit: 'onClose' }",
    next: "Leave it out, and put suppress({ until: 'windowCloses' }) behind cogroup().",
  });
}
