import { MillraceError } from '../errors.ts';
import { readLocalMeta } from './commitMeta.ts';
import type { Restored, RestoreParts } from './restoreState.ts';

type StaleParts = Pick<
  RestoreParts,
  'task' | 'stores' | 'names' | 'partition' | 'transport' | 'clock' | 'onWarning'
>;

/**
 * What of local state the changelogs can still bring up to date. A deletion leaves the changelog some time after it was made
 * (delete.retention.ms): rows that are older than half of that may be of keys that were deleted since, of which nothing
 * tells any more.
 */
export async function withoutStale(parts: StaleParts, local: Restored): Promise<Restored> {
  if (!(await isStale(parts, local))) return local;
  parts.onWarning(tooOld(parts.task));
  return readLocalMeta(new Map());
}

/** Stores of which local rows are under no position, since they are given up or were not in the topology for a while. */
export function unplaced(
  { stores, names }: Pick<RestoreParts, 'stores' | 'names'>,
  local: Restored,
): ReadonlySet<string> {
  return new Set(
    stores.map(({ name }) => name).filter((name) => !local.changelogs.has(names.changelog(name))),
  );
}

async function isStale(parts: StaleParts, local: Restored): Promise<boolean> {
  const { stores, names, partition, transport, clock } = parts;
  const age = clock.now() - local.time;
  if (!(age > leastAge)) return false;
  const topics = stores.map(({ name }) => names.changelog(name));
  const ends = await transport.admin.endOffsets(
    topics.map((topic) => ({ topic, partition })),
    'committed',
  );
  // One record may be the task's own: the claim that it has just written, or the marker of its last transaction.
  const behind = topics.filter((topic, index) => ends[index]! - 1 > (local.changelogs.get(topic) ?? 0));
  if (behind.length === 0) return false;
  const described = await transport.admin.describe(behind);
  return described.some((topic) => age > Number(topic?.config['delete.retention.ms'] ?? dayMs) / 2);
}

/** ms below which nobody sets delete.retention.ms: a restart need not ask. */
const leastAge = 1_000;
const dayMs = 24 * 3_600_000;

function tooOld(task: string): MillraceError {
  return new MillraceError(
    'STATE_INCOMPATIBLE',
    `The state of task ${task} is too old to be brought up to date`,
    {
      expected: 'state last written within half of delete.retention.ms of its changelogs',
      next: 'Nothing now: it is rebuilt from its changelogs. Raise delete.retention.ms of these topics if workers are often away for so long.',
    },
  );
}
