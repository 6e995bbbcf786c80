import type { Board } from './inputs.ts';
import type { Entry } from './ledger.ts';
import type { Participants, Placed } from './participants.ts';
import type { LateOrder } from './results.ts';
import type { Room } from './room.ts';

/** A line in the books beside its post and, once that is closed, its room. */
export interface Booking {
  readonly entry: Entry;
  readonly post: Board | null;
  readonly stands: boolean;
  readonly room: Room | null;
}

/** Whether the order was not cancelled since; in a post with more orders than are kept, this cannot be said of all. */
export const stands = ({ orderId }: Entry, participants: Participants | null): boolean =>
  participants !== null &&
  (participants.beyond > 0 || participants.orders.some((order) => order.orderId === orderId));

/** An order that has come and that no room knows. What a room knows to be late, it has reported itself. */
export function isLate({ entry: { isNew, orderId }, post, stands, room }: Booking): boolean {
  if (!isNew || !stands) return false;
  if (room === null) return post === null;
  return !room.orders.includes(orderId) && !room.late.some((order) => order.orderId === orderId);
}

export const lateOf = ({ entry, post, room }: Booking): LateOrder =>
  lateOrder(entry, post?.state ?? 'unknown', room?.closedAt ?? null);

function lateOrder(
  { orderId, boardKey, userId, placedAt }: Placed,
  state: LateOrder['board']['state'],
  closedAt: number | null,
): LateOrder {
  const reason = closedAt === null ? 'never-opened' : 'board-closed';
  return { reason, orderId, userId, placedAt, board: { key: boardKey, state, closedAt } };
}

export const lateIn = ({ late, closedAt }: Room): LateOrder[] =>
  late.map((order) => lateOrder(order, 'closed', closedAt));
