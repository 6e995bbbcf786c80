import type { ChatRoom } from '../domain/results.ts';
import { columns, fitted } from './columns.ts';
import { dongs, localDay } from './dongs.ts';
import type { Outcome } from './outcome.ts';
import type { Totals } from './totals.ts';

/** The rooms made last, with as many people as fit. */
export function roomLines(rooms: readonly ChatRoom[], most: number, width: number): string[] {
  const rows = rooms
    .slice(-most)
    .reverse()
    .map(({ roomKey, roomName, userList }) => {
      const names = userList.slice(0, 8).map(({ nickname }) => nickname);
      const more = userList.length > names.length ? ` +${userList.length - names.length}` : '';
      return [roomKey, fitted(roomName, 20), userList.length, `${names.join(', ')}${more}`];
    });
  return columns(rows).map((line) => fitted(line, width));
}

/** Orders and won by dong and day in Seoul. */
export function dailyLines({ dongDaily }: Outcome): string[] {
  const cells = [...dongDaily].map(([key, figures]) => {
    const [dong = '', start] = key.split('@');
    return { dong: dongs[dong] ?? dong, day: localDay(Number(start)), ...figures };
  });
  const days = [...new Set(cells.map(({ day }) => day))].sort();
  const names = [...new Set(cells.map(({ dong }) => dong))].sort();
  const rows = names.map((name) => [
    name,
    ...days.flatMap((day): (string | number)[] => {
      const cell = cells.find((each) => each.dong === name && each.day === day);
      return cell === undefined ? ['', ''] : [cell.orders, cell.amount];
    }),
  ]);
  return columns([['dong', ...days.flatMap((day) => [day, 'won'])], ...rows]);
}

/** What came out beside what the generator knows. */
export function totalLines(found: Totals, expected: Totals): string[] {
  const rows = [...expected].map(([name, value]) => [
    name,
    value,
    found.get(name) ?? 0,
    found.get(name) === value ? '✔' : '✘',
  ]);
  return columns([['', 'expected', 'found', ''], ...rows]);
}
