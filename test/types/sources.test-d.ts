import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  type GlobalTable,
  globalTable,
  int64,
  json,
  type Message,
  nullable,
  type Stream,
  stream,
  type Table,
  table,
  text,
  type WindowKey,
  windowed,
} from '../../src/index.ts';
import { type Order, orders, type User, users } from './example.ts';

describe('stream', () => {
  test('has the types of its codecs', () => {
    expectTypeOf(stream('orders', { key: text, value: json<Order>() })).toEqualTypeOf<
      Stream<string, Order>
    >();
    const parsed = stream('orders', { key: int64, value: json(z.object({ id: z.string() })) });
    expectTypeOf(parsed).toEqualTypeOf<Stream<number, { id: string }>>();
  });

  test('may have null only where its codecs are nullable', () => {
    const clicks = stream('clicks', { key: nullable(text), value: json<Order>() });
    expectTypeOf(clicks).toEqualTypeOf<Stream<string | null, Order>>();
    const deleted = stream('clicks', { key: text, value: nullable(json<Order>()) });
    expectTypeOf(deleted).toEqualTypeOf<Stream<string, Order | null>>();
  });

  test('takes the time from the value', () => {
    stream('orders', {
      key: text,
      value: json<Order>(),
      timestamp: (order, message) => {
        expectTypeOf(order).toEqualTypeOf<Order>();
        expectTypeOf(message).toEqualTypeOf<Message<string, Order>>();
        return order.amount;
      },
    });
    // @ts-expect-error a time is a number
    stream('orders', { key: text, value: json<Order>(), timestamp: (order) => order.userId });
    // @ts-expect-error no such property
    stream('orders', { key: text, value: json<Order>(), timestamp: (order) => order.nope });
  });

  test('takes only options that exist, with values they can have', () => {
    const codecs = { key: text, value: text };
    stream('a', { ...codecs, reset: 'latest', onError: { deadLetters: 'dead' } });
    // @ts-expect-error no codecs
    stream('a');
    // @ts-expect-error no value codec
    stream('a', { key: text });
    // @ts-expect-error misspelt
    stream('a', { ...codecs, onerror: 'skip' });
    // @ts-expect-error no such reset
    stream('a', { ...codecs, reset: 'none' });
    // @ts-expect-error no such policy
    stream('a', { ...codecs, onError: 'ignore' });
    // @ts-expect-error json must be called
    stream('a', { key: text, value: json });
  });
});

describe('table', () => {
  test('has the types of its codecs', () => {
    expectTypeOf(table('users', { key: text, value: json<User>() })).toEqualTypeOf<Table<string, User>>();
    const counts = table('counts', { key: windowed(text, '1m'), value: int64 });
    expectTypeOf(counts).toEqualTypeOf<Table<WindowKey<string>, number>>();
  });

  test('takes the time of deletions too', () => {
    table('users', {
      key: text,
      value: json<User>(),
      timestamp: (user, message) => {
        expectTypeOf(user).toEqualTypeOf<User | null>();
        expectTypeOf(message).toEqualTypeOf<Message<string, User | null>>();
        return message.timestamp;
      },
    });
    // @ts-expect-error a table always begins at the start
    table('users', { key: text, value: text, reset: 'latest' });
  });
});

describe('globalTable', () => {
  test('has the types of its codecs', () => {
    const shops = globalTable('shops', { key: int64, value: json<{ title: string }>() });
    expectTypeOf(shops).toEqualTypeOf<GlobalTable<number, { title: string }>>();
  });

  test('is neither a table nor a stream', () => {
    expectTypeOf(globalTable('a', { key: text, value: text })).not.toExtend<Table<string, string>>();
    expectTypeOf(users).not.toExtend<GlobalTable<string, User>>();
    expectTypeOf(orders).not.toExtend<Table<string, Order>>();
  });
});
