import { map as mapRx } from 'rxjs';
import { describe, expectTypeOf, test } from 'vitest';
import {
  aggregate,
  branch,
  count,
  filter,
  flatMap,
  type GroupedTable,
  groupBy,
  int64,
  joinGlobal,
  joinTable,
  json,
  keyBy,
  leftJoinGlobal,
  leftJoinTable,
  type Message,
  map,
  mapAsync,
  max,
  merge,
  min,
  nullable,
  peek,
  reduce,
  repartition,
  rxjs,
  type Sink,
  type Stream,
  stream,
  sum,
  type Table,
  table,
  text,
  to,
  toStream,
  toTable,
  tumbling,
  type Windowed,
  type WindowKey,
  window,
} from '../../src/index.ts';
import { type Order, orders, shops, type User, users } from './example.ts';

type Clicked = { readonly kind: 'click'; readonly at: number };
type Typed = { readonly kind: 'type'; readonly text: string };

describe('pipe', () => {
  test('carries key and value through a chain', () => {
    const chain = orders.pipe(
      filter((order) => order.amount > 3),
      map((order, message) => {
        expectTypeOf(order).toEqualTypeOf<Order>();
        expectTypeOf(message).toEqualTypeOf<Message<string, Order>>();
        return { ...order, key: message.key };
      }),
      keyBy((order) => order.userId),
      aggregate(
        () => 0,
        (total, order) => total + order.amount,
      ),
      toStream(),
    );
    expectTypeOf(chain).toEqualTypeOf<Stream<string, number | null>>();
    expectTypeOf(chain.pipe(to('totals'))).toEqualTypeOf<Sink>();
  });

  test('goes on in a second pipe', () => {
    const nine = orders.pipe(
      filter(() => true),
      filter(() => true),
      filter(() => true),
      filter(() => true),
      filter(() => true),
      filter(() => true),
      filter(() => true),
      filter(() => true),
      map((order) => order.amount),
    );
    expectTypeOf(nine).toEqualTypeOf<Stream<string, number>>();
    expectTypeOf(nine.pipe(map(String))).toEqualTypeOf<Stream<string, string>>();
  });

  test('ends at a sink', () => {
    const sink = orders.pipe(to('out'));
    expectTypeOf(sink).not.toHaveProperty('pipe');
    // @ts-expect-error nothing follows a sink
    orders.pipe(to('out'), map(String));
  });

  test('knows the properties of values', () => {
    // @ts-expect-error no such property
    orders.pipe(filter((order) => order.nope > 3));
    // @ts-expect-error no such property
    orders.pipe(keyBy((order) => order.nope));
    const totals = orders.pipe(map((order) => ({ total: order.amount })));
    // @ts-expect-error no such property behind a map
    totals.pipe(filter((value) => value.amount > 3));
  });
});

describe('stateless steps', () => {
  test('keep streams streams and tables tables', () => {
    expectTypeOf(orders.pipe(map((order) => order.amount))).toEqualTypeOf<Stream<string, number>>();
    expectTypeOf(users.pipe(map((user) => user.name))).toEqualTypeOf<Table<string, string>>();
    expectTypeOf(users.pipe(filter((user) => user.name !== ''))).toEqualTypeOf<Table<string, User>>();
    expectTypeOf(orders.pipe(flatMap((order) => [order.userId]))).toEqualTypeOf<Stream<string, string>>();
    expectTypeOf(orders.pipe(peek(() => {}))).toEqualTypeOf<Stream<string, Order>>();
    // @ts-expect-error a row cannot become many
    users.pipe(flatMap((user) => [user]));
  });

  test('change the key and nothing else', () => {
    expectTypeOf(orders.pipe(keyBy((order) => order.userId))).toEqualTypeOf<Stream<string, Order>>();
    expectTypeOf(orders.pipe(keyBy((order) => order.shop, int64))).toEqualTypeOf<Stream<number, Order>>();
    // @ts-expect-error a key that is no string needs a codec
    orders.pipe(keyBy((order) => order.shop));
    // @ts-expect-error a codec of another type
    orders.pipe(keyBy((order) => order.userId, int64));
    // @ts-expect-error a table keeps its key: group it
    users.pipe(keyBy((user) => user.city));
  });

  test('narrow by type predicates', () => {
    const events = stream('events', { key: text, value: json<Clicked | Typed>() });
    const isClick = (event: Clicked | Typed): event is Clicked => event.kind === 'click';
    expectTypeOf(events.pipe(filter(isClick))).toEqualTypeOf<Stream<string, Clicked>>();
    const branches = events.pipe(branch({ clicks: isClick, long: (event) => event.kind.length > 3 }, 'rest'));
    expectTypeOf(branches.clicks).toEqualTypeOf<Stream<string, Clicked>>();
    expectTypeOf(branches.long).toEqualTypeOf<Stream<string, Clicked | Typed>>();
    expectTypeOf(branches.rest).toEqualTypeOf<Stream<string, Clicked | Typed>>();
    // @ts-expect-error no such branch
    branches.other;
    const { clicks } = events.pipe(branch({ clicks: isClick }));
    expectTypeOf(clicks).toEqualTypeOf<Stream<string, Clicked>>();
  });

  test('merge to the union', () => {
    const numbers = stream('numbers', { key: int64, value: int64 });
    expectTypeOf(orders.pipe(merge(numbers))).toEqualTypeOf<Stream<string | number, Order | number>>();
    // @ts-expect-error a table is no stream
    orders.pipe(merge(users));
  });

  test('await promises only in mapAsync', () => {
    const looked = orders.pipe(mapAsync(async (order) => order.amount));
    expectTypeOf(looked).toEqualTypeOf<Stream<string, number>>();
    // @ts-expect-error mapAsync is for promises
    orders.pipe(mapAsync((order) => order.amount));
    const promises = orders.pipe(map(async (order) => order.amount));
    // @ts-expect-error what map gives is awaited by nobody, and JSON cannot carry a promise
    promises.pipe(to('out'));
    // @ts-expect-error a promise is no answer of a predicate
    orders.pipe(filter(async (order) => order.amount > 3));
  });

  test('admit RxJS operators on messages', () => {
    const doubled = orders.pipe(rxjs(mapRx((message) => ({ ...message, value: message.value.amount * 2 }))));
    expectTypeOf(doubled).toEqualTypeOf<Stream<string, number>>();
  });
});

describe('keyed steps', () => {
  test('make tables by key', () => {
    const byUser = orders.pipe(keyBy((order) => order.userId));
    expectTypeOf(byUser.pipe(count())).toEqualTypeOf<Table<string, number>>();
    expectTypeOf(byUser.pipe(sum((order) => order.amount))).toEqualTypeOf<Table<string, number>>();
    expectTypeOf(byUser.pipe(min((order) => order.amount))).toEqualTypeOf<Table<string, number>>();
    expectTypeOf(byUser.pipe(max((order) => order.amount))).toEqualTypeOf<Table<string, number>>();
    expectTypeOf(
      byUser.pipe(reduce((sofar, order) => (order.amount > sofar.amount ? order : sofar))),
    ).toEqualTypeOf<Table<string, Order>>();
    expectTypeOf(byUser.pipe(toTable())).toEqualTypeOf<Table<string, Order>>();
    expectTypeOf(byUser.pipe(repartition())).toEqualTypeOf<Stream<string, Order>>();
    // @ts-expect-error a sum is of numbers
    byUser.pipe(sum((order) => order.userId));
    // @ts-expect-error the result of a reduce is a value
    byUser.pipe(reduce((sofar, order) => sofar.amount + order.amount));
  });

  test('drop null keys from the type', () => {
    const clicks = stream('clicks', { key: nullable(text), value: text });
    expectTypeOf(clicks.pipe(count())).toEqualTypeOf<Table<string, number>>();
    expectTypeOf(
      orders.pipe(
        keyBy((order) => (order.shop > 0 ? order.userId : null)),
        count(),
      ),
    ).toEqualTypeOf<Table<string, number>>();
  });

  test('take the accumulator for what the initial value is', () => {
    const totals = orders.pipe(
      aggregate(
        () => ({ orders: 0, amount: 0 }),
        (total, order, message) => {
          expectTypeOf(total).toEqualTypeOf<{ orders: number; amount: number }>();
          expectTypeOf(order).toEqualTypeOf<Order>();
          expectTypeOf(message.key).toEqualTypeOf<string>();
          return { orders: total.orders + 1, amount: total.amount + order.amount };
        },
      ),
    );
    expectTypeOf(totals).toEqualTypeOf<Table<string, { orders: number; amount: number }>>();
  });

  test('need a table to be grouped', () => {
    const byCity = users.pipe(groupBy((user) => user.city));
    expectTypeOf(byCity).toEqualTypeOf<GroupedTable<string, User>>();
    expectTypeOf(byCity.pipe(count())).toEqualTypeOf<Table<string, number>>();
    // @ts-expect-error count on a table that is not grouped
    users.pipe(count());
    // @ts-expect-error a stream is keyed, not grouped
    orders.pipe(groupBy((order) => order.userId));
    // @ts-expect-error a group that is no string needs a codec
    users.pipe(groupBy((user) => user.name.length));
    users.pipe(groupBy((user) => user.name.length, { key: int64 }));
    // @ts-expect-error a maximum cannot be taken back when a row leaves its group
    byCity.pipe(max((user) => user.name.length));
    const plus = (total: number) => total + 1;
    // @ts-expect-error rows leave their groups: aggregate needs a subtractor
    byCity.pipe(aggregate(() => 0, plus));
    byCity.pipe(
      aggregate(
        () => 0,
        (total) => total + 1,
        (total) => total - 1,
      ),
    );
  });
});

describe('windows', () => {
  test('give window keys', () => {
    const perMinute = orders.pipe(window(tumbling('1m')));
    expectTypeOf(perMinute).toEqualTypeOf<Windowed<string, Order>>();
    expectTypeOf(perMinute.pipe(count())).toEqualTypeOf<Table<WindowKey<string>, number>>();
    expectTypeOf(
      perMinute.pipe(
        count(),
        filter((n) => n > 3),
      ),
    ).toEqualTypeOf<Table<WindowKey<string>, number>>();
    const starts = perMinute.pipe(
      count(),
      toStream(),
      map((_, message) => message.key.start),
    );
    expectTypeOf(starts).toEqualTypeOf<Stream<WindowKey<string>, number>>();
  });

  test('are cut from streams only, and have to be aggregated', () => {
    // @ts-expect-error a table has no windows
    users.pipe(window(tumbling('1m')));
    // @ts-expect-error a window of windows
    orders.pipe(window(tumbling('1m')), window(tumbling('1m')));
    // @ts-expect-error not yet a table
    orders.pipe(window(tumbling('1m')), toStream());
    // @ts-expect-error records in windows have to be aggregated
    orders.pipe(window(tumbling('1m')), to('out'));
    // @ts-expect-error not a window
    orders.pipe(window('1m'));
    // @ts-expect-error not a duration
    orders.pipe(window(tumbling('1minute')));
  });
});

describe('joins', () => {
  const byShop = table('by-shop', { key: int64, value: json<{ title: string }>() });

  test('give what their function makes of both sides', () => {
    const named = orders.pipe(joinTable(users, (order, user) => `${order.amount} ${user.name}`));
    expectTypeOf(named).toEqualTypeOf<Stream<string, string>>();
    orders.pipe(
      leftJoinTable(users, (order, user) => {
        expectTypeOf(user).toEqualTypeOf<User | null>();
        return order.amount;
      }),
    );
    // @ts-expect-error there may be no row
    orders.pipe(leftJoinTable(users, (_, user) => user.name));
  });

  test('need keys of one type', () => {
    // @ts-expect-error keys of text and of numbers
    orders.pipe(joinTable(byShop, (order) => order));
    expectTypeOf(
      orders.pipe(
        keyBy((order) => order.shop, int64),
        joinTable(byShop, (order, shop) => order.amount + shop.title.length),
      ),
    ).toEqualTypeOf<Stream<number, number>>();
  });

  test('with global tables choose the key', () => {
    const titled = orders.pipe(
      joinGlobal(
        shops,
        (order) => order.shop,
        (order, shop) => [order.userId, shop.title],
      ),
    );
    expectTypeOf(titled).toEqualTypeOf<Stream<string, string[]>>();
    const shopOf = (order: Order) => order.shop;
    const userOf = (order: Order) => order.userId;
    // @ts-expect-error the keys of the table are numbers
    orders.pipe(joinGlobal(shops, userOf, (order) => order));
    // @ts-expect-error there may be no row
    orders.pipe(leftJoinGlobal(shops, shopOf, (_, shop) => shop.title));
    // @ts-expect-error a global table is joined by joinGlobal
    orders.pipe(joinTable(shops, (order) => order));
    // @ts-expect-error a table is joined by joinTable
    orders.pipe(joinGlobal(users, userOf, (order) => order));
  });
});

describe('to', () => {
  test('takes a topic chosen per record', () => {
    expectTypeOf(orders.pipe(to((order) => `orders-${order.shop}`))).toEqualTypeOf<Sink>();
    // @ts-expect-error no such property
    orders.pipe(to((order) => order.nope));
  });

  test('takes codecs of what is written', () => {
    orders.pipe(
      map((order) => order.amount),
      to('amounts', { value: int64 }),
    );
    // @ts-expect-error a codec of another type
    orders.pipe(to('out', { value: int64 }));
    // @ts-expect-error misspelt
    orders.pipe(to('out', { valeu: json<Order>() }));
  });

  test('needs a codec where JSON cannot carry the values', () => {
    const maps = orders.pipe(map((order) => new Map([[order.userId, order.amount]])));
    // @ts-expect-error a Map would be written as {}
    maps.pipe(to('out'));
    const bigints = orders.pipe(map(() => 1n));
    // @ts-expect-error also when other steps lie between
    bigints.pipe(filter(Boolean), to('out'));
    const dates = orders.pipe(map(() => new Date()));
    // @ts-expect-error and when rows are kept of it
    dates.pipe(toTable());
  });
});
