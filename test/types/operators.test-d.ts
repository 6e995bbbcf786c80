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
  joinTable,
  json,
  keyBy,
  leftJoinTable,
  map,
  merge,
  type NeedsCodec,
  nullable,
  reduce,
  repartition,
  rxjs,
  type Stream,
  stream,
  type Table,
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
