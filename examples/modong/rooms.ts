import {
  branch,
  delay,
  filter,
  flatMap,
  type GlobalTable,
  keyBy,
  leftJoinGlobal,
  leftJoinTable,
  map,
  nullable,
  reduce,
  rxjs,
  type Sink,
  stream,
  type Table,
  text,
  to,
  toStream,
} from 'millrace';
import { chatRoom } from './domain/chatRoom.ts';
import { type Board, boardKeyOf, close, type User } from './domain/inputs.ts';
import { lateIn } from './domain/lateOrder.ts';
import type { Participants } from './domain/participants.ts';
import { closedAgain, leftOut, refusedClose, withoutOrders } from './domain/rejects.ts';
import { isRefused, judge, type Room, room } from './domain/room.ts';
import { gather, isAbsent, seats, take } from './domain/seats.ts';
import type { ModongSettings } from './job.ts';

export interface Rooms {
  /** By post, from the moment its close is settled. */
  readonly rooms: Table<string, Room>;
  readonly sinks: readonly Sink[];
}

interface Sides {
  readonly boards: Table<string, Board>;
  readonly participants: Table<string, Participants>;
  readonly users: GlobalTable<string, User>;
}

/** From closes to chat rooms: one per post, when what the close may have overtaken has had its time to come. */
export function roomsOf({ boards, participants, users }: Sides, settings: ModongSettings): Rooms {
  const { topics, grace, empty } = settings;
  const closes = stream(topics.closes, {
    key: nullable(text),
    value: close,
    onError: { deadLetters: topics.deadCloses },
  }).pipe(
    keyBy(boardKeyOf),
    delay(grace, 'closes'),
    leftJoinTable(boards, (value, post, { timestamp }) => judge(value, post, timestamp)),
    branch({ refused: isRefused }, 'valid'),
  );
  const settled = closes.valid.pipe(
    leftJoinTable(participants, room),
    branch({ empty: (made) => made.orders.length === 0 && empty === 'reject' }, 'full'),
  );
  // The first close makes the room; others are counted.
  const rooms = settled.full.pipe(reduce((first) => ({ ...first, closes: first.closes + 1 }), 'rooms'));
  const opened = rooms.pipe(
    toStream(),
    filter((made) => made !== null),
    branch({ first: ({ closes: n }) => n === 1 }, 'again'),
  );
  // One seat per person, each taken by the profile as it is now; then the room as a whole again.
  const taken = opened.first.pipe(
    flatMap(seats),
    leftJoinGlobal(users, ({ userId }) => userId, take),
  );
  const sinks = [
    taken.pipe(rxjs(gather), map(chatRoom), to(topics.rooms)),
    taken.pipe(filter(isAbsent), map(leftOut), to(topics.rejects)),
    opened.first.pipe(flatMap(lateIn), to(topics.lateOrders)),
    opened.again.pipe(map(closedAgain), to(topics.rejects)),
    settled.empty.pipe(map(withoutOrders), to(topics.rejects)),
    closes.refused.pipe(map(refusedClose), to(topics.rejects)),
  ];
  return { rooms, sinks };
}
