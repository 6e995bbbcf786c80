import type { ChatRoom } from './results.ts';
import type { Taken } from './seats.ts';
import { shortened } from './shortened.ts';

/** What the tables of chatting-service take, in characters. */
const longestName = 50;
const longestNickname = 30;

/** The room as chatting-service is told of it. */
export function chatRoom(taken: readonly Taken[]): ChatRoom {
  const { boardKey, name, orderType, closedAt, overflow } = taken[0]!.room;
  const cut: string[] = [];
  const shorten = (text: string, longest: number, what: string): string => {
    const short = shortened(text, longest);
    if (short !== text) cut.push(what);
    return short;
  };
  return {
    roomKey: boardKey,
    eventId: `${boardKey}@${closedAt}`,
    roomName: shorten(name, longestName, 'roomName'),
    roomType: orderType,
    userList: taken
      .filter((seat) => seat.reason === null)
      .map(({ member }) => ({
        ...member,
        nickname: shorten(member.nickname, longestNickname, `nickname:${member.id}`),
      })),
    missing: taken.filter((seat) => seat.reason !== null).map(({ userId, reason }) => ({ userId, reason })),
    cut,
    overflow,
  };
}
