import type { Message } from 'millrace';
import { filter, type OperatorFunction, pipe, scan } from 'rxjs';
import type { User } from './inputs.ts';
import type { Member, MissingReason } from './results.ts';
import type { Room } from './room.ts';

/** One place in a room. */
export interface Seat {
  readonly room: Room;
  readonly number: number;
  readonly userId: string;
}

/** The same when it is known who sits there, or why nobody does. */
export type Taken = Seat & (Present | Absent);
type Present = { readonly member: Member; readonly reason: null };
export type Absent = { readonly reason: MissingReason };

export const isAbsent = (taken: Taken): taken is Seat & Absent => taken.reason !== null;

export const seats = (room: Room): Seat[] => room.people.map((userId, number) => ({ room, number, userId }));

const defaultImage = '/images/neighbour.png';

export function take(seat: Seat, user: User | null): Taken {
  if (user === null) return { ...seat, reason: 'missing-profile' };
  if (user.deleted) return { ...seat, reason: 'deleted' };
  if (user.banned) return { ...seat, reason: 'banned' };
  const nickname = user.nickname?.trim() || `이웃 ${seat.userId}`;
  return {
    ...seat,
    reason: null,
    member: { id: seat.userId, nickname, image: user.image?.trim() || defaultImage },
  };
}

type Gathered = Message<string, readonly Taken[]>;

/**
 * Puts the seats of a room together again. They come one right after the other, all from one record, so nothing has to be
 * remembered beyond it: plain RxJS will do.
 */
export const gather: OperatorFunction<Message<string, Taken>, Gathered> = pipe(
  scan(
    ({ value: before }: Gathered, message: Message<string, Taken>): Gathered => {
      const { value: seat } = message;
      return { ...message, value: seat.number === 0 ? [seat] : [...before, seat] };
    },
    { key: '', value: [], timestamp: 0, headers: [] },
  ),
  filter(({ value: taken }) => taken.length === taken[0]!.room.people.length),
);
