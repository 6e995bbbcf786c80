/** What comes out of the MODONG job. */

/** chat-topic: a room to be opened, once per post. */
export interface ChatRoom {
  /** The post. chatting-service makes one room per key, however often it reads the record. */
  readonly roomKey: string;
  readonly eventId: string;
  readonly roomName: string;
  readonly roomType: string;
  /** The host first, then the others by their first order. */
  readonly userList: readonly Member[];
  /** Those who belong into the room and are not in it. */
  readonly missing: readonly Missing[];
  /** What was too long for the tables of chatting-service and was cut: 'roomName' or 'nickname:<user>'. */
  readonly cut: readonly string[];
  /** Orders beyond the bound of one post: their users may be missing unseen. */
  readonly overflow: number;
}

export interface Member {
  readonly id: string;
  readonly nickname: string;
  readonly image: string;
}

export type MissingReason = 'missing-profile' | 'deleted' | 'banned';

export interface Missing {
  readonly userId: string;
  readonly reason: MissingReason;
}

/** late-orders: an order that is in no room, with the state of its post. */
export interface LateOrder {
  readonly reason: 'board-closed' | 'never-opened';
  readonly orderId: string;
  readonly userId: string;
  readonly placedAt: number;
  readonly board: {
    readonly key: string;
    readonly state: 'open' | 'closed' | 'unknown';
    readonly closedAt: number | null;
  };
}

/** rejects: an event that could be read and yet has no effect, or a user left out of a room. */
export interface Reject {
  readonly reason:
    | 'unknown-board'
    | 'host-mismatch'
    | 'board-open'
    | 'duplicate-close'
    | 'no-orders'
    | 'unknown-order'
    | MissingReason;
  readonly boardKey?: string;
  readonly orderId?: string;
  readonly userId?: string;
}

/** dong-daily, by dong and local day: orders placed, less those cancelled. */
export interface DongDay {
  readonly orders: number;
  /** Sum of price x quantity, in won. */
  readonly amount: number;
}
