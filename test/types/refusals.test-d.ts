import { describe, expectTypeOf, test } from 'vitest';
import {
  branch,
  count,
  filterNot,
  groupBy,
  headerText,
  joinTable,
  json,
  leftJoinForeignKey,
  max,
  min,
  outerJoinStream,
  peek,
  reduce,
  type Sink,
  type Stream,
  session,
  stream,
  sum,
  table,
  text,
  to,
  toStream,
  tumbling,
  window,
  withHeaders,
  withTimestamp,
} from '../../src/index.ts';
import { type Order, orders, type User, users } from './example.ts';

const numbered = table('numbered', { key: json<number>(), value: json<User>() });

describe('a step', () => {
  test('is refused behind what it is not made for', () => {
    // @ts-expect-error windows are cut from streams
    users.pipe(window(tumbling('1m')));
    // @ts-expect-error a grouped table has to be aggregated before it is written
    users.pipe(groupBy((user) => user.city), to('out')); // biome-ignore format: one line
    // @ts-expect-error so has what was cut into windows
    orders.pipe(window(tumbling('1m')), to('out'));
    // @ts-expect-error a stream is one
    orders.pipe(toStream());
    // @ts-expect-error keys are texts here and numbers there
    orders.pipe(joinTable(numbered, (order, user) => `${order.userId} ${user.name}`));
    // @ts-expect-error a table is no stream to be joined with
    orders.pipe(outerJoinStream(users, (order) => order?.amount, { within: '5m' }));
  });

  test('is refused a function that does not fit', () => {
    // @ts-expect-error a sum of texts
    orders.pipe(sum((order) => order.userId));
    // @ts-expect-error the least of texts
    orders.pipe(min((order) => order.userId));
    // @ts-expect-error the largest of texts
    orders.pipe(max((order) => order.userId));
    // @ts-expect-error two orders make an order
    orders.pipe(reduce((a, b) => a.amount + b.amount));
    // @ts-expect-error there is no such property
    orders.pipe(peek((order) => order.amuont));
    // @ts-expect-error nor here
    orders.pipe(filterNot((order) => order.amuont > 3));
    // @ts-expect-error a time is a number
    orders.pipe(withTimestamp((order) => order.userId));
    // @ts-expect-error headers are pairs
    orders.pipe(withHeaders(() => ({ from: 'here' })));
    // @ts-expect-error a message has headers, a value has none
    orders.pipe(peek((order) => headerText(order, 'from')));
    // @ts-expect-error the key of a user is a text
    orders.pipe(leftJoinForeignKey(users, (order) => order.amount, (order) => order)); // biome-ignore format: one line
  });

  test('is refused options that do not exist, and values they cannot have', () => {
    // @ts-expect-error misspelt
    orders.pipe(count({ nmae: 'orders' }));
    // @ts-expect-error no duration
    session('5minutes');
    // @ts-expect-error grace is one too
    session('5m', { grace: 'short' });
    // @ts-expect-error the counts are numbers
    orders.pipe(count(), to('out', { value: text }));
    // @ts-expect-error onError
    stream('orders', { key: text, value: text, onerror: 'skip' });
  });

  test('gives branches that were named and no others', () => {
    const { large, small } = orders.pipe(branch({ large: (order) => order.amount > 9 }, 'small'));
    expectTypeOf(large).toEqualTypeOf<Stream<string, Order>>();
    expectTypeOf(small).toEqualTypeOf<Stream<string, Order>>();
    // @ts-expect-error what is not large is in no branch
    const { tiny } = orders.pipe(branch({ large: (order) => order.amount > 9 }));
    expectTypeOf(tiny).toBeAny();
  });
});

describe('the smaller steps', () => {
  test('leave key and value as they are', () => {
    const passed = orders.pipe(
      peek((order, message) => {
        expectTypeOf(order).toEqualTypeOf<Order>();
        expectTypeOf(headerText(message, 'from')).toEqualTypeOf<string | null>();
      }),
      filterNot((order) => order.amount > 3),
      withTimestamp((order) => order.amount),
      withHeaders((_, message) => message.headers),
    );
    expectTypeOf(passed).toEqualTypeOf<Stream<string, Order>>();
    expectTypeOf(passed.pipe(min((order) => order.amount), to('out'))).toEqualTypeOf<Sink>(); // biome-ignore format: one line
  });
});
