import { amountOf, type Order } from './inputs.ts';
import type { Placed } from './participants.ts';

/** What an order is and what it was before its last change; null where there was none. */
export interface LedgerRow {
  readonly now: Order | null;
  readonly was: Order | null;
}

export const noOrder: LedgerRow = { now: null, was: null };

export const change = (row: LedgerRow, { order }: { readonly order: Order | null }): LedgerRow => ({
  now: order,
  was: row.now,
});

/** The cancellation of an order that is not there. */
export const cancelsNothing = ({ now, was }: LedgerRow): boolean => now === null && was === null;

export const placed = (orderId: string, { boardKey, userId, placedAt }: Order): Placed => ({
  orderId,
  boardKey,
  userId,
  placedAt,
});

/** One line in the books: an order that has come (+1) or gone (-1); one that was changed has gone and come. */
export interface Entry extends Placed {
  readonly sign: 1 | -1;
  readonly amount: number;
  /** The order was not in this post before. */
  readonly isNew: boolean;
}

export function entries({ now, was }: LedgerRow, orderId: string): Entry[] {
  const entry = (order: Order, sign: 1 | -1, isNew: boolean): Entry => ({
    ...placed(orderId, order),
    sign,
    amount: amountOf(order),
    isNew,
  });
  return [
    ...(was === null ? [] : [entry(was, -1, false)]),
    ...(now === null ? [] : [entry(now, 1, now.boardKey !== was?.boardKey)]),
  ];
}
