import {
  aggregate,
  type Duration,
  globalTable,
  groupBy,
  map,
  nullable,
  type Sink,
  stream,
  table,
  text,
} from 'millrace';
import { booksOf } from './books.ts';
import { board, order, user } from './domain/inputs.ts';
import { change, noOrder, placed } from './domain/ledger.ts';
import { join, leave, nobody } from './domain/participants.ts';
import { roomsOf } from './rooms.ts';
import { type TopicNames, topicNames } from './topics.ts';

export interface ModongOptions {
  /** Before the name of every topic. Default: none. */
  readonly prefix?: string;
  /** How long orders and posts may still be on their way when a close has overtaken them. Default: '5s'. */
  readonly grace?: Duration;
  /** What a post that nobody ordered from becomes: a room with its host alone, or a reject. Default: 'room'. */
  readonly empty?: 'room' | 'reject';
  /** Orders of one post that are kept. Default: 1000. */
  readonly mostOrders?: number;
}

export interface ModongSettings extends Required<ModongOptions> {
  readonly topics: TopicNames;
}

/** Group delivery and group purchase in a neighbourhood: closes, orders, posts and users in; chat rooms and figures out. */
export function modong(options: ModongOptions = {}): readonly Sink[] {
  const { prefix = '', grace = '5s', empty = 'room', mostOrders = 1_000 } = options;
  const topics = topicNames(prefix);
  const settings: ModongSettings = { prefix, grace, empty, mostOrders, topics };

  const boards = table(topics.boards, { key: text, value: board, name: 'boards' });
  const users = globalTable(topics.users, { key: text, value: user, name: 'users', onError: 'skip' });
  // Each order as it is and as it was: a cancellation carries no value, so what it cancels has to be remembered.
  const orders = stream(topics.orders, {
    key: text,
    value: nullable(order),
    onError: { deadLetters: topics.deadOrders },
  }).pipe(
    map((value) => ({ order: value })),
    aggregate(() => noOrder, change, 'orders'),
  );
  const participants = orders.pipe(
    map(({ now }, { key }) => now && placed(key, now)),
    groupBy(({ boardKey }) => boardKey),
    aggregate(() => nobody, join(mostOrders), leave, 'participants'),
  );
  const { rooms, sinks } = roomsOf({ boards, participants, users }, settings);
  // The books first: of what falls due at one moment, orders are booked before a close makes the room.
  return [...booksOf({ orders, boards, participants, rooms }, settings), ...sinks];
}
