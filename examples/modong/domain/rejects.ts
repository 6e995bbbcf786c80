import { boardKeyOf } from './inputs.ts';
import type { Reject } from './results.ts';
import type { Refused, Room } from './room.ts';
import type { Absent, Seat } from './seats.ts';

export const refusedClose = ({ reason, close }: Refused): Reject => ({
  reason,
  boardKey: boardKeyOf(close),
  userId: close.userId,
});

export const withoutOrders = ({ boardKey }: Room): Reject => ({ reason: 'no-orders', boardKey });

export const closedAgain = ({ boardKey }: Room): Reject => ({ reason: 'duplicate-close', boardKey });

export const leftOut = ({ reason, userId, room: { boardKey } }: Seat & Absent): Reject => ({
  reason,
  boardKey,
  userId,
});

export const unknownOrder = (orderId: string): Reject => ({ reason: 'unknown-order', orderId });
