import type { Topology } from '../../src/dsl/topology.ts';
import { aggregate, json, keyBy, map, stream, text, to, topology } from '../../src/index.ts';

export interface Order {
  readonly id: number;
  readonly user: string;
  readonly item: string;
}

/** The `number`th order of its key. */
export interface Numbered extends Order {
  readonly number: number;
}

const orders = stream('orders', { key: text, value: json<Order>() });
const clicks = stream('clicks', { key: text, value: json<Order>() });
const numbered = (name: string) =>
  aggregate(
    (): Numbered => ({ number: 0, id: -1, user: '', item: '' }),
    (last: Numbered, order: Order): Numbered => ({ ...order, number: last.number + 1 }),
    name,
  );

/** With state at the source, with state behind a repartition topic, and without state. */
export const ledger: Topology = topology([
  orders.pipe(numbered('numbers'), to('numbers')),
  orders.pipe(
    keyBy((order) => order.item),
    numbered('items'),
    to('items'),
  ),
  clicks.pipe(
    map((click) => click),
    to('echoes'),
  ),
]);

export const stores: readonly string[] = ['numbers', 'items'];
/** Partitions of what the user makes. */
export const topics: Readonly<Record<string, number>> = {
  orders: 2,
  clicks: 1,
  numbers: 2,
  items: 2,
  echoes: 1,
};
/** What the group commits positions of. */
export const inputs: readonly string[] = ['orders', 'clicks', 'ledger-items-repartition'];

/** Order number `id` of all: every third is a click. */
export function orderOf(id: number): Order {
  return { id, user: `user-${(id * 7) % 4}`, item: `item-${(id * 5) % 3}` };
}

export const isClick = (id: number): boolean => id % 3 === 2;
