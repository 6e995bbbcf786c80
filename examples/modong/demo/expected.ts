import { amountOf, type Order } from '../domain/inputs.ts';
import type { DongDay, LateOrder, Reject } from '../domain/results.ts';
import { type ExpectedRoom, expectedRooms } from './expectedRooms.ts';
import { type History, historyOf, type OrderChange } from './history.ts';
import { dongDayKey, type Outcome } from './outcome.ts';
import type { Event } from './script.ts';

/** What must come out, said by somebody who has all events in front of them and all the time in the world: no streams here. */
export function expected(events: readonly Event[], grace: number): Outcome {
  const history = historyOf(events);
  const { rooms, rejects } = expectedRooms(history, grace);
  const leftOut = [...rooms.values()].flatMap(({ chatRoom: { roomKey, missing } }) =>
    missing.map(({ userId, reason }): Reject => ({ reason, boardKey: roomKey, userId })),
  );
  const cancelledForNothing = history.orders
    .filter(({ was, now }) => was === null && now === null)
    .map(({ orderId }): Reject => ({ reason: 'unknown-order', orderId }));
  return {
    rooms: [...rooms.values()].map(({ chatRoom }) => chatRoom),
    lateOrders: [
      ...[...rooms.values()].flatMap(({ late }) => late),
      ...history.orders.flatMap((change) => lateOrder(history, change, grace, rooms)),
    ],
    rejects: [...rejects, ...leftOut, ...cancelledForNothing],
    deadCloses: history.deadCloses,
    deadOrders: history.deadOrders,
    dongDaily: dongDaily(history, grace),
  };
}

/** An order that stands when its own grace is over, and then is in no room although its post is unknown or closed. */
function lateOrder(
  history: History,
  { orderId, at, was, now }: OrderChange,
  grace: number,
  rooms: ReadonlyMap<string, ExpectedRoom>,
): LateOrder[] {
  if (now === null || was?.boardKey === now.boardKey) return [];
  const { boardKey: key, userId, placedAt } = now;
  if (history.order(orderId, at + grace)?.boardKey !== key) return [];
  const order = { orderId, userId, placedAt };
  const state = history.board(key, at + grace)?.state ?? 'unknown';
  const room = rooms.get(key);
  if (room === undefined || room.settledAt > at + grace) {
    if (state !== 'unknown') return [];
    return [{ reason: 'never-opened', ...order, board: { key, state, closedAt: null } }];
  }
  if (room.known.has(orderId)) return [];
  return [{ reason: 'board-closed', ...order, board: { key, state, closedAt: room.closedAt } }];
}

const day = 86_400_000;
const seoul = 9 * 3_600_000;

/** Orders placed, less those cancelled, by the dong of their post and the day in Seoul. */
function dongDaily(history: History, grace: number): Map<string, DongDay> {
  const days = new Map<string, DongDay>();
  const book = (order: Order | null, at: number, sign: number): void => {
    const post = order && history.board(order.boardKey, at + grace);
    if (order === null || post === null) return;
    const start = Math.floor((order.placedAt + seoul) / day) * day - seoul;
    const key = dongDayKey(post.dongCode, start);
    const { orders, amount } = days.get(key) ?? { orders: 0, amount: 0 };
    days.set(key, { orders: orders + sign, amount: amount + sign * amountOf(order) });
  };
  for (const { at, was, now } of history.orders) {
    book(was, at, -1);
    book(now, at, 1);
  }
  return days;
}
