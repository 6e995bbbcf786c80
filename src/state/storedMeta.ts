import type { Writer } from './backend.ts';

/** What state keeps for itself among the meta data goes under names that no one else uses. */
const prefix = 'store:';

/** The meta data without what state keeps for itself. */
export function publicMeta(meta: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...meta].filter(([name]) => !name.startsWith(prefix)));
}

/** The largest window start ever put into a store; -Infinity if it never held a row. */
export function readLargestStart(meta: ReadonlyMap<string, string>, store: string): number {
  return Number(meta.get(largestStartName(store)) ?? Number.NEGATIVE_INFINITY);
}

export function writeLargestStart(write: Writer, store: string, start: number): void {
  if (start > Number.NEGATIVE_INFINITY) write.meta(largestStartName(store), `${start}`);
}

export function forgetLargestStart(write: Writer, store: string): void {
  write.meta(largestStartName(store), `${Number.NEGATIVE_INFINITY}`);
}

function largestStartName(store: string): string {
  return `${prefix}${store}:largestStart`;
}
