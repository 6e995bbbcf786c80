import { type Board, boardKeyOf, type Close } from './inputs.ts';
import { nobody, type Participants, type Placed } from './participants.ts';
import type { Reject } from './results.ts';

/** A close beside its post. */
export interface Judged {
  readonly close: Close;
  readonly closedAt: number;
  /** null: it is to be. */
  readonly reason: Reject['reason'] | null;
}

export type Refused = Judged & { readonly reason: Reject['reason'] };

export const isRefused = (judged: Judged): judged is Refused => judged.reason !== null;

/** The post is the judge: to close one that nobody knows, someone else's or one that is still open has no effect. */
export function judge(close: Close, board: Board | null, closedAt: number): Judged {
  const reason = (): Judged['reason'] => {
    if (board === null) return 'unknown-board';
    if (board.host !== close.userId) return 'host-mismatch';
    return board.state === 'open' ? 'board-open' : null;
  };
  return { close, closedAt, reason: reason() };
}

/** What is settled when the grace of a close has ended; profiles are looked up from here. */
export interface Room {
  readonly boardKey: string;
  readonly name: string;
  readonly orderType: string;
  readonly closedAt: number;
  /** The host first, then the others by their first order; each once. */
  readonly people: readonly string[];
  readonly orders: readonly string[];
  /** Placed after the close and here all the same: the close was long on its way. */
  readonly late: readonly Placed[];
  readonly overflow: number;
  /** How many closes of this post there have been. */
  readonly closes: number;
}

export function room({ close, closedAt }: Judged, participants: Participants | null): Room {
  const { orders, beyond } = participants ?? nobody;
  const byTime = [...orders].sort((a, b) => a.placedAt - b.placedAt || (a.orderId < b.orderId ? -1 : 1));
  const inTime = byTime.filter(({ placedAt }) => placedAt <= closedAt);
  return {
    boardKey: boardKeyOf(close),
    name: close.name,
    orderType: close.orderType,
    closedAt,
    people: [...new Set([close.userId, ...inTime.map(({ userId }) => userId)])],
    orders: inTime.map(({ orderId }) => orderId),
    late: byTime.filter(({ placedAt }) => placedAt > closedAt),
    overflow: beyond,
    closes: 1,
  };
}
