import { map as mapRx } from 'rxjs';
import { describe, expectTypeOf, test } from 'vitest';
import {
  aggregate,
  bytes,
  type Codec,
  count,
  emitOnCommit,
  filter,
  filterNot,
  groupBy,
  int64,
  joinStream,
  joinTable,
  json,
  keyBy,
  leftJoinStream,
  leftJoinTable,
  map,
  merge,
  type NeedsCodec,
  nullable,
  outerJoinStream,
  outerJoinTable,
  reduce,
  repartition,
  rxjs,
  type Stream,
  session,
  sliding,
  stream,
  type Table,
  table,
  text,
  to,
  toStream,
  toTable,
  tumbling,
  type WindowKey,
  window,
  withHeaders,
  withTimestamp,
} from '../../src/index.ts';
import { type Order, orders, users } from './example.ts';

const gaps = stream('gaps', { key: nullable(text), value: nullable(int64) });
const sets: Codec<Set<string>> = json() as unknown as Codec<Set<string>>;
const manySets = orders.pipe(map((order) => new Set([order.userId])));

describe('null', () => {
  test('is seen by steps of streams, and narrowed away by a predicate', () => {
    const present = gaps.pipe(filter((n) => n !== null));
    expectTypeOf(present).toEqualTypeOf<Stream<string | null, number>>();
    expectTypeOf(gaps.pipe(filterNot((n) => n === null))).toEqualTypeOf<typeof gaps>();
    // @ts-expect-error the value may be missing
    gaps.pipe(map((n) => n + 1));
  });

  test('gets no further than to an aggregation, except into windows', () => {
    gaps.pipe(
      aggregate(
        () => 0,
        (total, n) => {
          expectTypeOf(n).toEqualTypeOf<number>();
          return total + n;
        },
      ),
    );
    gaps.pipe(
      window(tumbling('1m')),
      aggregate(
        () => 0,
        (total, n) => {
          expectTypeOf(n).toEqualTypeOf<number | null>();
          return total;
        },
      ),
    );
    expectTypeOf(gaps.pipe(toTable())).toEqualTypeOf<Table<string, number>>();
    expectTypeOf(gaps.pipe(reduce((a, b) => a + b))).toEqualTypeOf<Table<string, number>>();
    expectTypeOf(gaps.pipe(window(tumbling('1m')), count())).toEqualTypeOf<
      Table<WindowKey<string>, number>
    >();
    expectTypeOf(gaps.pipe(repartition())).toEqualTypeOf<Stream<string, number | null>>();
  });

  test('is what a deleted row is in a stream, and what a row is not', () => {
    expectTypeOf(
      users.pipe(
        map((user) => user.city),
        toStream(),
      ),
    ).toEqualTypeOf<Stream<string, string | null>>();
    expectTypeOf(users.pipe(map((user) => (user.city === '' ? null : user.city)))).toEqualTypeOf<
      Table<string, string>
    >();
  });

  test('is what undefined is as a key', () => {
    const some = orders.pipe(keyBy((order) => (order.amount > 0 ? order.userId : undefined)));
    expectTypeOf(some).toEqualTypeOf<Stream<string | null, Order>>();
  });

  test('is handed to no join, but for the missing row of a left one', () => {
    expectTypeOf(gaps.pipe(joinTable(users, (n, user) => n + user.name.length))).toEqualTypeOf<
      Stream<string | null, number>
    >();
    // @ts-expect-error there may be no row
    gaps.pipe(leftJoinTable(users, (n, user) => n + user.name.length));
  });
});

describe('what JSON cannot carry', () => {
  test('is marked, through steps that leave it as it is, until it is something else', () => {
    expectTypeOf(manySets).toEqualTypeOf<Stream<string, Set<string>> & NeedsCodec>();
    const kept = manySets.pipe(
      filter((set) => set.size > 0),
      withHeaders(() => []),
      withTimestamp(() => 0),
    );
    expectTypeOf(kept).toEqualTypeOf<typeof manySets>();
    expectTypeOf(kept.pipe(keyBy(() => 'k'))).toEqualTypeOf<Stream<string, Set<string>> & NeedsCodec>();
    expectTypeOf(kept.pipe(merge(orders))).toEqualTypeOf<Stream<string, Set<string> | Order> & NeedsCodec>();
    expectTypeOf(kept.pipe(map((set) => set.size))).toEqualTypeOf<Stream<string, number>>();
    expectTypeOf(kept.pipe(count())).toEqualTypeOf<Table<string, number>>();
  });

  test('needs a codec wherever it is written', () => {
    // @ts-expect-error into a topic
    manySets.pipe(to('out'));
    // @ts-expect-error into a repartition topic
    manySets.pipe(repartition());
    // @ts-expect-error into a store
    manySets.pipe(toTable('sets'));
    // @ts-expect-error into a store, by a reduce
    manySets.pipe(reduce((a, b) => new Set([...a, ...b])));
    const table = manySets.pipe(toTable({ value: sets }));
    expectTypeOf(table).toEqualTypeOf<Table<string, Set<string>>>();
    expectTypeOf(manySets.pipe(repartition({ value: sets }))).toEqualTypeOf<Stream<string, Set<string>>>();
    expectTypeOf(manySets.pipe(reduce((a, b) => new Set([...a, ...b]), { value: sets }))).toEqualTypeOf<
      Table<string, Set<string>>
    >();
    const mapped = table.pipe(map((set) => new Set(set)));
    // @ts-expect-error on the way to its group
    mapped.pipe(groupBy(() => 'all'));
    mapped.pipe(
      groupBy(() => 'all', { value: sets }),
      count(),
    );
    manySets.pipe(to('out', { value: sets }));
  });

  test('is not what a source has a codec for', () => {
    const images = stream('images', { key: text, value: bytes });
    images.pipe(
      filter((image) => image.length > 0),
      keyBy(() => 'all'),
      to('copies'),
    );
    images.pipe(
      reduce((_, image) => image),
      to('last'),
    );
  });

  test('is found inside objects and lists, and asked of nothing unknown', () => {
    const nested = orders.pipe(map((order) => ({ list: [{ at: new Date(order.amount) }] })));
    // @ts-expect-error a Date comes back as text
    nested.pipe(to('out'));
    orders.pipe(
      map((order) => ({ ...order, note: order.amount > 3 ? 'large' : undefined })),
      to('out'),
    );
    orders.pipe(
      map((): unknown => 1),
      to('out'),
    );
    const forgotten = orders.pipe(map(() => {}));
    // @ts-expect-error a return is missing
    forgotten.pipe(to('out'));
  });
});

describe('codecs', () => {
  test('of new keys are needed for what is not text', () => {
    orders.pipe(
      rxjs(
        mapRx((message) => ({ ...message, key: message.value.shop })),
        int64,
      ),
    );
    // @ts-expect-error a key that was text and is a number
    orders.pipe(rxjs(mapRx((message) => ({ ...message, key: message.value.shop }))));
    orders.pipe(
      keyBy((order) => order.shop, int64),
      rxjs(mapRx((message) => message)),
      count(),
    );
  });

  test('of windows are those of the key inside', () => {
    orders.pipe(window(tumbling('1m')), count({ key: text, value: int64, retention: '1h' }));
    // @ts-expect-error the key inside is text
    orders.pipe(window(tumbling('1m')), count({ key: int64 }));
  });
});

describe('emitOnCommit', () => {
  test('leaves a table what it is', () => {
    expectTypeOf(users.pipe(emitOnCommit())).toEqualTypeOf(users);
    // @ts-expect-error a stream has no rows
    orders.pipe(emitOnCommit());
  });
});

describe('joins of streams and tables', () => {
  const bought = stream('bought', { key: text, value: json<{ amount: number }>() });
  const payments = stream('payments', { key: nullable(text), value: json<{ paid: boolean }>() });
  const stock = table('stock', { key: text, value: json<{ left: number }>() });
  const prices = table('prices', { key: text, value: json<{ price: number }>() });
  const numbered = stream('numbered', { key: int64, value: json<{ n: number }>() });

  test('give what their function makes, null where a side may be missing', () => {
    const inner = bought.pipe(
      joinStream(payments, (order, payment) => order.amount > 0 && payment.paid, { within: '5m' }),
    );
    expectTypeOf(inner).toEqualTypeOf<Stream<string, boolean>>();
    const left = bought.pipe(
      leftJoinStream(payments, (_, payment) => payment?.paid ?? null, { after: '5m' }),
    );
    expectTypeOf(left).toEqualTypeOf<Stream<string, boolean | null>>();
    bought.pipe(
      outerJoinStream(payments, (order, payment) => `${order?.amount} ${payment?.paid}`, { within: '5m' }),
    );
    // @ts-expect-error the payment may be missing
    bought.pipe(leftJoinStream(payments, (_, payment) => payment.paid, { within: '5m' }));
    expectTypeOf(stock.pipe(joinTable(prices, (s, p) => s.left * p.price))).toEqualTypeOf<
      Table<string, number>
    >();
    expectTypeOf(stock.pipe(outerJoinTable(prices, (s, p) => [s?.left, p?.price].length))).toEqualTypeOf<
      Table<string, number>
    >();
  });

  test('refuse keys that are not alike, streams as tables and windows that are not said', () => {
    // @ts-expect-error the keys of the other stream are numbers
    bought.pipe(joinStream(numbered, (order) => order, { within: '5m' }));
    // @ts-expect-error how far apart?
    bought.pipe(joinStream(payments, (order) => order));
    // @ts-expect-error no unit of time
    bought.pipe(joinStream(payments, (order) => order, { within: '5minutes' }));
    // @ts-expect-error a table is joined by joinTable
    bought.pipe(joinStream(stock, (order) => order, { within: '5m' }));
    // @ts-expect-error a stream has no row of its own to pad
    bought.pipe(outerJoinTable(stock, (order) => order));
  });
});

describe('window', () => {
  const clicks = stream('clicks', { key: text, value: json<{ page: string }>() });

  test('makes sessions, which have to be told how they merge', () => {
    const visits = clicks.pipe(window(session('30m')));
    const near = clicks.pipe(window(sliding('5m')));
    const zero = (): number => 0;
    const plus = (a: number, b: number): number => a + b;
    const more = (n: number): number => n + 1;
    expectTypeOf(visits.pipe(aggregate(zero, more, plus))).toEqualTypeOf<Table<WindowKey<string>, number>>();
    expectTypeOf(visits.pipe(count())).toEqualTypeOf<Table<WindowKey<string>, number>>();
    // @ts-expect-error two sessions may become one: aggregate needs a merger
    visits.pipe(aggregate(zero, more));
    // @ts-expect-error windows of other kinds never merge
    near.pipe(aggregate(zero, more, plus));
    // @ts-expect-error emitted on each update or on closing
    clicks.pipe(window(sliding('5m'), { emit: 'sometimes' }));
  });
});
