import {
  aggregate,
  delay,
  emitOnCommit,
  filter,
  flatMap,
  keyBy,
  leftJoinTable,
  map,
  repartition,
  type Sink,
  type Table,
  to,
  toStream,
  tumbling,
  window,
  withTimestamp,
} from 'millrace';
import type { Board } from './domain/inputs.ts';
import { isLate, lateOf, stands } from './domain/lateOrder.ts';
import { cancelsNothing, entries, type LedgerRow } from './domain/ledger.ts';
import type { Participants } from './domain/participants.ts';
import { unknownOrder } from './domain/rejects.ts';
import type { DongDay } from './domain/results.ts';
import type { Room } from './domain/room.ts';
import type { ModongSettings } from './job.ts';

interface Sides {
  readonly orders: Table<string, LedgerRow>;
  readonly boards: Table<string, Board>;
  readonly participants: Table<string, Participants>;
  readonly rooms: Table<string, Room>;
}

/** From orders to the books: which came too late for a room, and what each neighbourhood ordered on each day. */
export function booksOf(sides: Sides, { topics, grace }: ModongSettings): readonly Sink[] {
  const { orders, boards, participants, rooms } = sides;
  const changes = orders.pipe(
    toStream(),
    filter((row) => row !== null),
  );
  // Every line meets its post, whether the order still stands, and the room if a close that came with it has made one.
  const booked = changes.pipe(
    flatMap((row, { key }) => entries(row, key)),
    keyBy(({ boardKey }) => boardKey),
    delay(grace, 'entries'),
    leftJoinTable(boards, (entry, post) => ({ entry, post })),
    leftJoinTable(participants, (booking, those) => ({ ...booking, stands: stands(booking.entry, those) })),
    leftJoinTable(rooms, (booking, room) => ({ ...booking, room })),
  );
  const dongDaily = booked.pipe(
    flatMap(({ entry, post }) => (post === null ? [] : [{ ...entry, dongCode: post.dongCode }])),
    withTimestamp(({ placedAt }) => placedAt),
    keyBy(({ dongCode }) => dongCode),
    repartition({ name: 'by-dong' }),
    window(tumbling('1d', { offset: '-9h', grace: '7d' })), // days as they are in Seoul
    aggregate(
      (): DongDay => ({ orders: 0, amount: 0 }),
      (day, { sign, amount }) => ({ orders: day.orders + sign, amount: day.amount + sign * amount }),
      'dong-daily',
    ),
    emitOnCommit(),
  );
  return [
    booked.pipe(filter(isLate), map(lateOf), to(topics.lateOrders)),
    dongDaily.pipe(to(topics.dongDaily)),
    changes.pipe(
      filter(cancelsNothing),
      map((_, { key }) => unknownOrder(key)),
      to(topics.rejects),
    ),
  ];
}
