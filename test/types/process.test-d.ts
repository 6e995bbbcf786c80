import { describe, expectTypeOf, it } from 'vitest';
import {
  bytes,
  count,
  int64,
  json,
  map,
  type NeedsCodec,
  nullable,
  type ProcessTimer,
  type ProcessTimeStore,
  type ProcessVersionedStore,
  process,
  type RecordOrigin,
  type Stream,
  stream,
  type Table,
  text,
} from '../../src/index.ts';
import { type Order, orders, shops, type User, users } from './example.ts';

const packed = orders.pipe(map((): Buffer => Buffer.alloc(1)));
const gaps = stream('gaps', { key: nullable(text), value: nullable(int64) });

describe('process', () => {
  it('carries the types of records, stores and emissions', () => {
    const made = orders.pipe(
      process(
        {
          stores: {
            seen: { key: text, value: json<{ readonly times: number }>() },
            ids: { key: int64, value: bytes },
          },
          value: json<{ readonly total: number }>(),
        },
        (context) => {
          expectTypeOf(context.stores.seen.get('a')).toEqualTypeOf<{ readonly times: number } | undefined>();
          expectTypeOf(context.stores.ids.get(1)).toEqualTypeOf<Buffer | undefined>();
          // @ts-expect-error keys are numbers
          context.stores.ids.get('a');
          // @ts-expect-error there is no such store
          context.stores.unseen;
          context.every('10s', 'streamTime', (timestamp) => {
            expectTypeOf(timestamp).toEqualTypeOf<number>();
          });
          // @ts-expect-error there is no such clock
          context.every('10s', 'sundial', () => {});
          return (message) => {
            expectTypeOf(message.key).toEqualTypeOf<string>();
            expectTypeOf(message.value).toEqualTypeOf<Order>();
            context.emit({ value: { total: 1 } });
            context.emit({ key: 'a', value: { total: 1 }, timestamp: 1, headers: [] });
            // @ts-expect-error an order is not what is emitted
            context.emit({});
            // @ts-expect-error nor is this
            context.emit({ value: { sum: 1 } });
          };
        },
      ),
    );
    expectTypeOf(made).toEqualTypeOf<Stream<string, { readonly total: number }>>();
  });

  it('keeps the types of the input where no codec names others', () => {
    const same = gaps.pipe(
      process({}, ({ emit }) => () => {
        emit({});
        emit({ key: null, value: null });
        // @ts-expect-error values are numbers
        emit({ value: 'a' });
      }),
    );
    expectTypeOf(same).toEqualTypeOf<typeof gaps>();
    expectTypeOf(packed.pipe(process({ name: 'copy' }, () => () => {}))).toEqualTypeOf<
      Stream<string, Buffer> & NeedsCodec
    >();
    expectTypeOf(packed.pipe(process({ value: bytes }, () => () => {}))).toEqualTypeOf<
      Stream<string, Buffer>
    >();
  });

  it('asks for a key of the new type', () => {
    const rekeyed = orders.pipe(
      process({ key: int64 }, ({ emit }) => () => {
        emit({ key: 1 });
        // @ts-expect-error the record's own key is a string
        emit({});
      }),
      count(),
    );
    expectTypeOf(rekeyed).toEqualTypeOf<Table<number, number>>();
  });

  it('tells kinds of stores, tables and timers apart', () => {
    orders.pipe(
      process(
        {
          stores: {
            lately: { key: int64, value: text, retention: '1h' },
            prices: { key: text, value: int64, versioned: '1d' },
          },
          tables: { users, shops },
          timers: { unpaid: 'streamTime', reminder: 'wallClock' },
        },
        ({ stores, tables, timers, origin, signal }) => {
          expectTypeOf(stores.lately).toEqualTypeOf<ProcessTimeStore<number, string>>();
          expectTypeOf(stores.prices).toEqualTypeOf<ProcessVersionedStore<string, number>>();
          expectTypeOf(tables.users.get('a')).toEqualTypeOf<User | undefined>();
          expectTypeOf(tables.shops.get(1)).toEqualTypeOf<{ title: string } | undefined>();
          expectTypeOf(timers.unpaid).toEqualTypeOf<ProcessTimer<string>>();
          expectTypeOf(origin).toEqualTypeOf<RecordOrigin | undefined>();
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
          // @ts-expect-error keys of shops are numbers
          tables.shops.get('a');
          // @ts-expect-error tables are not written
          tables.users.put;
          // @ts-expect-error there is no such timer
          timers.paid;
          return () => {};
        },
      ),
    );
    // @ts-expect-error there is no such clock
    orders.pipe(process({ timers: { a: 'sundial' } }, () => () => {}));
    // @ts-expect-error a stream is no table
    orders.pipe(process({ tables: { orders } }, () => () => {}));
    const both = { key: text, value: text, retention: '1h', versioned: '1h' } as const;
    // @ts-expect-error one kind or the other
    orders.pipe(process({ stores: { both } }, () => () => {}));
  });

  it('refuses options that do not exist, and functions that give none', () => {
    // @ts-expect-error it is stores
    orders.pipe(process({ name: 'a', store: {} }, () => () => {}));
    // @ts-expect-error a function for the records is missing
    orders.pipe(process({}, () => {}));
  });
});
