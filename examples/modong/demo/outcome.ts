import type { ChatRoom, DongDay, LateOrder, Reject } from '../domain/results.ts';

/** What has come out of a run. */
export interface Outcome {
  readonly rooms: readonly ChatRoom[];
  readonly lateOrders: readonly LateOrder[];
  readonly rejects: readonly Reject[];
  readonly deadCloses: number;
  readonly deadOrders: number;
  /** By dong and start of the day, as dongDayKey() writes it. */
  readonly dongDaily: ReadonlyMap<string, DongDay>;
}

export const dongDayKey = (dongCode: string, start: number): string => `${dongCode}@${start}`;

/** The differences between what came out and what had to, one line each; none where all is well. */
export function differences(found: Outcome, expected: Outcome): string[] {
  return [
    ...ofLists('room', found.rooms.map(roomLine), expected.rooms.map(roomLine)),
    ...ofLists('late order', found.lateOrders.map(line), expected.lateOrders.map(line)),
    ...ofLists('reject', found.rejects.map(line), expected.rejects.map(line)),
    ...ofLists('dead letters', [line(dead(found))], [line(dead(expected))]),
    ...ofLists('dong-daily', [...found.dongDaily].map(line), [...expected.dongDaily].map(line)),
  ];
}

const dead = ({ deadCloses, deadOrders }: Outcome): unknown => ({ deadCloses, deadOrders });

/** Of closes sent at once, in two partitions, either may come first: the event's id tells which, and nothing else differs. */
const roomLine = ({ eventId: _, ...room }: ChatRoom): string => line(room);

/** The same text for the same content, whatever the order of properties. */
const line = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** As bags: what is there once too often counts as what is missing does. */
function ofLists(what: string, found: readonly string[], expected: readonly string[]): string[] {
  const balance = new Map<string, number>();
  for (const each of found) balance.set(each, (balance.get(each) ?? 0) + 1);
  for (const each of expected) balance.set(each, (balance.get(each) ?? 0) - 1);
  return [...balance]
    .filter(([, count]) => count !== 0)
    .map(([text, count]) => `${what} ${count > 0 ? 'too much' : 'missing'} (${Math.abs(count)}): ${text}`);
}
