import { describe, expectTypeOf, test } from 'vitest';
import {
  cogroup,
  int64,
  json,
  nullable,
  session,
  stream,
  type Table,
  text,
  tumbling,
  type WindowKey,
  window,
} from '../../src/index.ts';
import { type Order, orders, users } from './example.ts';

const payments = stream('payments', { key: text, value: json<{ paid: number }>() });
const refunds = stream('refunds', { key: nullable(text), value: nullable(int64) });
const byNumber = stream('by-number', { key: int64, value: text });

interface Balance {
  readonly ordered: number;
  readonly paid: number;
}
const nothing = (): Balance => ({ ordered: 0, paid: 0 });
const addOrder = (total: Balance, { amount }: Order): Balance => ({
  ...total,
  ordered: total.ordered + amount,
});

describe('cogroup', () => {
  test('takes the type of its rows from the initial value and of values from their streams', () => {
    const balances = orders.pipe(
      cogroup(
        () => ({ ordered: 0, paid: 0 }),
        (total, order) => ({ ...total, ordered: total.ordered + order.amount }),
        [
          [payments, (total, payment) => ({ ...total, paid: total.paid + payment.paid })],
          [
            refunds,
            (total, refund, { key }) => {
              expectTypeOf(refund).toEqualTypeOf<number>();
              expectTypeOf(key).toEqualTypeOf<string | null>();
              return { ...total, paid: total.paid - refund };
            },
          ],
        ],
        'balances',
      ),
    );
    expectTypeOf(balances).toEqualTypeOf<Table<string, { ordered: number; paid: number }>>();
  });

  test('makes windows of all streams', () => {
    const balances = orders.pipe(
      window(tumbling('1h')),
      cogroup(nothing, addOrder, [
        [
          refunds,
          (total, refund, { key }) => {
            expectTypeOf(refund).toEqualTypeOf<number | null>();
            expectTypeOf(key).toEqualTypeOf<WindowKey<string>>();
            return { ...total, paid: total.paid - (refund ?? 0) };
          },
        ],
      ]),
    );
    expectTypeOf(balances).toEqualTypeOf<Table<WindowKey<string>, Balance>>();
  });

  test('has to be told how sessions merge', () => {
    const sessions = orders.pipe(window(session('1h')));
    const merge = (a: Balance, b: Balance): Balance => ({ ...a, paid: a.paid + b.paid });
    expectTypeOf(sessions.pipe(cogroup(nothing, addOrder, [], merge))).toEqualTypeOf<
      Table<WindowKey<string>, Balance>
    >();
    // @ts-expect-error two sessions may become one
    sessions.pipe(cogroup(nothing, addOrder, []));
    // @ts-expect-error nothing merges without sessions
    orders.pipe(cogroup(nothing, addOrder, [], merge));
  });

  test('refuses streams whose keys are of another type, and what is no stream', () => {
    // @ts-expect-error keys are numbers
    orders.pipe(cogroup(nothing, addOrder, [[byNumber, (total) => total]]));
    // @ts-expect-error keys are numbers
    orders.pipe(window(tumbling('1h')), cogroup(nothing, addOrder, [[byNumber, (total) => total]]));
    // @ts-expect-error a table is no stream
    orders.pipe(cogroup(nothing, addOrder, [[users, (total) => total]]));
    // @ts-expect-error the function makes rows of another type
    orders.pipe(cogroup(nothing, addOrder, [[payments, () => 'paid']]));
    // @ts-expect-error a table cannot be cogrouped
    users.pipe(cogroup(nothing, (total: Balance) => total, []));
  });

  test('needs a codec for rows that JSON cannot carry', () => {
    const add = (seen: Set<string>, { userId }: Order): Set<string> => new Set([...seen, userId]);
    // @ts-expect-error a Set is not JSON
    orders.pipe(cogroup(() => new Set<string>(), add, []));
  });
});
