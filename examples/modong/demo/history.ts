import type { Codec } from 'millrace';
import {
  type Board,
  board,
  type Close,
  close,
  type Order,
  order,
  type User,
  user,
} from '../domain/inputs.ts';
import type { Event } from './script.ts';

/** What somebody knows who has seen all events: what could be read of them, and what was so at any moment. */
export interface History {
  readonly closes: readonly Known<Close>[];
  readonly orders: readonly OrderChange[];
  readonly deadCloses: number;
  readonly deadOrders: number;
  board(key: string, before: number): Board | null;
  user(id: string, before: number): User | null;
  order(id: string, before: number): Order | null;
  /** The orders that stand. */
  standing(before: number): ReadonlyMap<string, Order>;
}

interface Known<T> {
  readonly at: number;
  readonly key: string | null;
  readonly timestamp: number;
  readonly value: T;
}

export interface OrderChange {
  readonly orderId: string;
  readonly at: number;
  readonly was: Order | null;
  readonly now: Order | null;
}

export function historyOf(events: readonly Event[]): History {
  const closes = readable(events, 'closes', close);
  const orders = readable(events, 'orders', order);
  const boards = readable(events, 'boards', board);
  const users = readable(events, 'users', user);
  const count = (topic: Event['topic']): number => events.filter((event) => event.topic === topic).length;
  const told = closes.filter((known): known is Known<Close> => known.value !== null);
  return {
    closes: told,
    orders: changesOf(orders),
    deadCloses: count('closes') - told.length,
    deadOrders: count('orders') - orders.length,
    board: (key, before) => newest(boards, key, before),
    user: (id, before) => newest(users, id, before),
    order: (id, before) => newest(orders, id, before),
    standing(before) {
      const standing = new Map<string, Order>();
      for (const { key, value, at } of orders) {
        if (at >= before) continue;
        if (value === null) standing.delete(key!);
        else standing.set(key!, value);
      }
      return standing;
    },
  };
}

function readable<T>(events: readonly Event[], of: Event['topic'], codec: Codec<T>): Known<T | null>[] {
  return events.flatMap(({ topic, at, key, timestamp, value: written }) => {
    if (topic !== of) return [];
    const value = read(codec, written);
    return value === undefined ? [] : [{ at, key, timestamp, value }];
  });
}

/** undefined: it cannot be. */
function read<T>(codec: Codec<T>, value: string | null): T | null | undefined {
  if (value === null) return null;
  try {
    return codec.format === 'text' ? codec.decode(value) : codec.decode(Buffer.from(value));
  } catch {
    return undefined;
  }
}

const newest = <T>(known: readonly Known<T | null>[], key: string, before: number): T | null =>
  known.findLast((each) => each.key === key && each.at < before)?.value ?? null;

function changesOf(orders: readonly Known<Order | null>[]): OrderChange[] {
  const standing = new Map<string, Order | null>();
  return orders.map(({ key, at, value: now }) => {
    const was = standing.get(key!) ?? null;
    standing.set(key!, now);
    return { orderId: key!, at, was, now };
  });
}
