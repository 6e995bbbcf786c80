import {
  type GlobalTable,
  globalTable,
  int64,
  json,
  type Stream,
  stream,
  type Table,
  table,
  text,
} from '../../src/index.ts';

export interface Order {
  readonly userId: string;
  readonly shop: number;
  readonly amount: number;
}

export interface User {
  readonly name: string;
  readonly city: string;
}

export const orders: Stream<string, Order> = stream('orders', { key: text, value: json<Order>() });
export const users: Table<string, User> = table('users', { key: text, value: json<User>() });
export const shops: GlobalTable<number, { title: string }> = globalTable('shops', {
  key: int64,
  value: json<{ title: string }>(),
});
