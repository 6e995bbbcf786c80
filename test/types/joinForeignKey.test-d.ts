import { describe, expectTypeOf, test } from 'vitest';
import {
  type Codec,
  int64,
  joinForeignKey,
  json,
  leftJoinForeignKey,
  map,
  type Table,
  table,
  text,
} from '../../src/index.ts';

interface User {
  readonly name: string;
}
const orders = table('orders', { key: int64, value: json<{ user?: string; amount: number }>() });
const users = table('users', { key: text, value: json<User>() });
const sets: Codec<Set<string>> = json() as unknown as Codec<Set<string>>;
const sizes = users.pipe(map((user) => new Set(user.name)));

describe('joinForeignKey', () => {
  test('keeps the key of the left table and gives both rows to the function', () => {
    const joined = orders.pipe(
      joinForeignKey(
        users,
        (order, { key }) => {
          expectTypeOf(key).toEqualTypeOf<number>();
          return order.user;
        },
        (order, user, { key }) => {
          expectTypeOf(user).toEqualTypeOf<User>();
          expectTypeOf(key).toEqualTypeOf<number>();
          return order.amount > 0 ? { ...order, ...user } : null;
        },
        { name: 'joined' },
      ),
    );
    expectTypeOf(joined).toEqualTypeOf<Table<number, { name: string; user?: string; amount: number }>>();
  });

  test('says that there may be no right row', () => {
    const joined = orders.pipe(
      leftJoinForeignKey(
        users,
        (order) => order.user,
        (_order, user) => {
          expectTypeOf(user).toEqualTypeOf<User | null>();
          return user?.name ?? '';
        },
        { value: text },
      ),
    );
    expectTypeOf(joined).toEqualTypeOf<Table<number, string>>();
  });

  test('wants the key of the right table', () => {
    orders.pipe(
      joinForeignKey(
        users,
        // @ts-expect-error users have texts as keys
        (order) => order.amount,
        (_order, user) => user.name,
      ),
    );
  });

  test('wants codecs for what JSON cannot carry', () => {
    orders.pipe(
      joinForeignKey(
        sizes,
        (order) => order.user,
        (_order, size) => size.size,
        { right: sets },
      ),
    );
    sizes.pipe(
      joinForeignKey(
        users,
        (_size, { key }) => key,
        (size) => size,
        { left: sets, value: sets },
      ),
    );
    orders.pipe(
      // @ts-expect-error rows of the right table are sets
      joinForeignKey(
        sizes,
        (order) => order.user,
        (_order, size) => size.size,
      ),
    );
    sizes.pipe(
      joinForeignKey(
        users,
        (_size, { key }) => key,
        (size) => size,
        // @ts-expect-error the results are sets
        { left: sets },
      ),
    );
  });
});
