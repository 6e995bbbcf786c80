import type { Case, StoreEntry } from './format.ts';

/** Rows of a session store that its retention does not hide: they are kept a moment longer, so that they can close. */
export function sessionsOf(
  rows: readonly StoreEntry[],
  name: string,
  { topology }: Pick<Case, 'topology'>,
): StoreEntry[] {
  const node = topology.find(({ store }) => store === name)!;
  const { gapMs, graceMs } = topology.find(({ id }) => id === node.in![0])!.window;
  const retention = node.retentionMs ?? gapMs! + graceMs;
  const newest = Math.max(...rows.map(({ window }) => window!.end));
  return rows.filter(({ window }) => window!.end > newest - retention);
}
