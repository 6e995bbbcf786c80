import { describe, expectTypeOf, test } from 'vitest';
import {
  bytes,
  count,
  map,
  suppress,
  type Table,
  to,
  toTable,
  tumbling,
  type WindowKey,
  window,
} from '../../src/index.ts';
import { type Order, orders, users } from './example.ts';

const perMinute = orders.pipe(window(tumbling('1m')), count());

describe('suppress', () => {
  test('leaves key and value as they are', () => {
    expectTypeOf(perMinute.pipe(suppress({ until: 'windowCloses' }))).toEqualTypeOf<
      Table<WindowKey<string>, number>
    >();
    expectTypeOf(perMinute.pipe(suppress({ until: '5m', maxRecords: 10 }, 'held'))).toEqualTypeOf<
      Table<WindowKey<string>, number>
    >();
    expectTypeOf(orders.pipe(toTable(), suppress({ until: '5m', whenFull: 'stop' }))).toEqualTypeOf<
      Table<string, Order>
    >();
  });

  test('waits for windows only where there are some', () => {
    // @ts-expect-error the keys of users are no windows
    users.pipe(suppress({ until: 'windowCloses' }));
    // @ts-expect-error a stream has no rows to hold back
    orders.pipe(suppress({ until: '5m' }));
  });

  test('emits nothing early that is to be final', () => {
    // @ts-expect-error only 'stop'
    perMinute.pipe(suppress({ until: 'windowCloses', whenFull: 'emitEarly' }));
    // @ts-expect-error no such time
    perMinute.pipe(suppress({ until: 'soon' }));
  });

  test('needs a codec for rows that JSON cannot carry', () => {
    const packed = users.pipe(map((user): Buffer => Buffer.from(user.name)));
    // @ts-expect-error bytes are not JSON
    packed.pipe(suppress({ until: '5m' }));
    packed.pipe(suppress({ until: '5m' }, { value: bytes }), to('packed'));
  });
});
