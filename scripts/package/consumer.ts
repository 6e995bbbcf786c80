/* Compiled against the packed package, as a user's program would be; and imported by nothing. */
import {
  count,
  filter,
  joinTable,
  json,
  keyBy,
  map,
  type Sink,
  stream,
  table,
  text,
  to,
  toStream,
  tumbling,
  window,
} from 'millrace';
import { avro } from 'millrace/avro';
import { drive } from 'millrace/testing';

interface Order {
  readonly user: string;
  readonly amount: number;
}

const users = table('users', { key: text, value: json<{ readonly city: string }>() });
const orders = stream('orders', { key: text, value: json<Order>() });

const perCity = orders.pipe(
  filter((order) => order.amount > 0),
  keyBy((order) => order.user),
  joinTable(users, (order, user) => ({ ...order, city: user.city })),
  map((order) => order.city.toUpperCase()),
  keyBy((city) => city),
  window(tumbling('1m')),
  count('orders-per-city'),
  toStream(),
  to('city-counts'),
);

export const sinks: readonly Sink[] = [perCity];
export const entryPoints: readonly unknown[] = [avro, drive];
