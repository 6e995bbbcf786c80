import type { Outcome } from './outcome.ts';

/** The figures of a run, by what they are called. */
export type Totals = ReadonlyMap<string, number>;

export function totalsOf({ rooms, lateOrders, rejects, deadCloses, deadOrders, dongDaily }: Outcome): Totals {
  const sum = <T>(list: Iterable<T>, of: (each: T) => number): number =>
    [...list].reduce((total, each) => total + of(each), 0);
  return new Map([
    ['chat rooms', rooms.length],
    ['people in them', sum(rooms, ({ userList }) => userList.length)],
    ['people left out', sum(rooms, ({ missing }) => missing.length)],
    ['late orders', lateOrders.length],
    ['rejects', rejects.length],
    ['dead letters', deadCloses + deadOrders],
    ['orders that stand', sum(dongDaily.values(), ({ orders }) => orders)],
    ['won', sum(dongDaily.values(), ({ amount }) => amount)],
  ]);
}

export const areEqual = (a: Totals, b: Totals): boolean =>
  [...a].every(([name, value]) => b.get(name) === value);
