import { boardKeyOf, type Close } from '../domain/inputs.ts';
import type { ChatRoom, LateOrder, Member, Missing, Reject } from '../domain/results.ts';
import { shortened } from '../domain/shortened.ts';
import type { History } from './history.ts';

export interface ExpectedRoom {
  readonly chatRoom: ChatRoom;
  readonly settledAt: number;
  readonly closedAt: number;
  /** Orders that were there when it was made. */
  readonly known: ReadonlySet<string>;
  /** Those of them that were placed after the close. */
  readonly late: readonly LateOrder[];
}

/** The rooms by post, and what becomes of closes that make none. */
export function expectedRooms(
  history: History,
  grace: number,
): { readonly rooms: ReadonlyMap<string, ExpectedRoom>; readonly rejects: readonly Reject[] } {
  const rooms = new Map<string, ExpectedRoom>();
  const rejects: Reject[] = [];
  for (const { value: close, at, timestamp } of history.closes) {
    const boardKey = boardKeyOf(close);
    const settledAt = at + grace;
    const post = history.board(boardKey, settledAt);
    const refuse = (reason: Reject['reason']): number =>
      rejects.push({ reason, boardKey, userId: close.userId });
    if (post === null) refuse('unknown-board');
    else if (post.host !== close.userId) refuse('host-mismatch');
    else if (post.state === 'open') refuse('board-open');
    else if (rooms.has(boardKey)) rejects.push({ reason: 'duplicate-close', boardKey });
    else rooms.set(boardKey, expectedRoom(history, close, timestamp, settledAt));
  }
  return { rooms, rejects };
}

function expectedRoom(history: History, close: Close, closedAt: number, settledAt: number): ExpectedRoom {
  const boardKey = boardKeyOf(close);
  const known = [...history.standing(settledAt)]
    .filter(([, order]) => order.boardKey === boardKey)
    .sort(([a, one], [b, other]) => one.placedAt - other.placedAt || (a < b ? -1 : 1));
  const orders = known.filter(([, { placedAt }]) => placedAt <= closedAt);
  const late = known.filter(([, { placedAt }]) => placedAt > closedAt);
  const people = new Set([close.userId, ...orders.map(([, { userId }]) => userId)]);
  const found = [...people].map((id) => personIn(history, id, settledAt));
  const chatRoom = {
    roomKey: boardKey,
    eventId: `${boardKey}@${closedAt}`,
    roomName: shortened(close.name, 50),
    roomType: close.orderType,
    userList: found.flatMap(({ member }) => member ?? []),
    missing: found.flatMap(({ missing }) => missing ?? []),
    cut: [
      ...(shortened(close.name, 50) === close.name ? [] : ['roomName']),
      ...found.flatMap(({ cut, member }) => (cut ? [`nickname:${member?.id}`] : [])),
    ],
    overflow: 0,
  };
  return {
    chatRoom,
    settledAt,
    closedAt,
    known: new Set(known.map(([id]) => id)),
    late: late.map(([orderId, { userId, placedAt }]) => ({
      reason: 'board-closed',
      orderId,
      userId,
      placedAt,
      board: { key: boardKey, state: 'closed', closedAt },
    })),
  };
}

interface Person {
  readonly member?: Member;
  readonly missing?: Missing;
  readonly cut?: boolean;
}

function personIn(history: History, id: string, before: number): Person {
  const profile = history.user(id, before);
  if (profile === null) return { missing: { userId: id, reason: 'missing-profile' } };
  if (profile.deleted) return { missing: { userId: id, reason: 'deleted' } };
  if (profile.banned) return { missing: { userId: id, reason: 'banned' } };
  const name = profile.nickname?.trim() || `이웃 ${id}`;
  const nickname = shortened(name, 30);
  const image = profile.image?.trim() || '/images/neighbour.png';
  return { member: { id, nickname, image }, cut: nickname !== name };
}
