import type { NamedStore } from '../dsl/topology.ts';
import type { Backend } from '../state/backend.ts';
import { beginRestore } from '../state/restore.ts';
import { type ChangelogVisitor, checkHistory, visitChangelog } from './changelogRecords.ts';
import type { Clock } from './clock.ts';
import { type CommitMeta, localMeta } from './commitMeta.ts';
import { type Changelog, findChangelogs } from './findChangelogs.ts';
import type { Names } from './names.ts';
import type { Transport } from './transport/transport.ts';

/** How far the restore of a task's state is; records are counted over all its changelogs. */
export interface RestoreProgress {
  readonly task: string;
  readonly restored: number;
  readonly total: number;
  readonly done: boolean;
}

export interface RestoreParts {
  readonly task: string;
  readonly stores: readonly NamedStore[];
  readonly storesSignature: string;
  readonly partition: number;
  readonly names: Names;
  readonly backend: Backend;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RestoreProgress) => void;
}

export interface Restored {
  /** Of the last commit in the state as it now is. */
  readonly commit: CommitMeta | undefined;
  readonly changelogs: ReadonlyMap<string, number>;
}

/** Records in one SQLite transaction of the restore: an interrupted one goes on from there. */
const chunk = 50_000;

/**
 * Brings local state up to the last stable offset of its changelogs. Whoever wrote them before has been fenced, so nothing
 * can be added meanwhile. The end is judged by the position reached, since the last record there may be a marker or gone.
 */
export async function restoreState(parts: RestoreParts, local: Restored): Promise<Restored> {
  const changelogs = await findChangelogs(parts, local.changelogs);
  const total = changelogs.reduce((sum, { from, end }) => sum + (end - from), 0);
  if (total === 0) return { ...local, changelogs: positionsOf(changelogs) };
  const restoration = beginRestore(parts.backend, parts.stores);
  const reader = parts.transport.reader({ isolation: 'committed', maxBytes: 8 << 20 });
  const { partition } = parts;
  let { commit } = local;
  const visitor: ChangelogVisitor = {
    row: (store, key, value, timestamp) => restoration.apply(store, key, value, timestamp),
    commit(topic, meta) {
      if (topic === changelogs[0]!.topic || meta.sequence > (commit?.sequence ?? 0)) commit = meta;
    },
  };
  try {
    reader.assign(changelogs.map(({ topic, from }) => ({ topic, partition, offset: from })));
    const byTopic = new Map(changelogs.map((changelog) => [changelog.topic, changelog]));
    const positions = (): Map<string, number> =>
      new Map(changelogs.map(({ topic }) => [topic, reader.position({ topic, partition })]));
    const left = (): number =>
      changelogs.reduce(
        (sum, { topic, end }) => sum + Math.max(0, end - reader.position({ topic, partition })),
        0,
      );
    for (let sinceChunk = 0; left() > 0; ) {
      parts.signal.throwIfAborted();
      for (const batch of await reader.poll(100)) {
        sinceChunk += batch.remaining;
        visitChangelog(batch, byTopic.get(batch.topic)!.store, visitor);
        if (commit !== undefined) checkHistory(local.commit, commit, batch);
      }
      if (sinceChunk >= chunk) {
        restoration.commit(localMeta(commit ?? noCommit, positions(), parts.storesSignature));
        sinceChunk = 0;
      }
      parts.onProgress({ task: parts.task, restored: total - left(), total, done: false });
      await parts.clock.breathe();
    }
    const reached = positions();
    restoration.finish(localMeta(commit ?? noCommit, reached, parts.storesSignature));
    parts.onProgress({ task: parts.task, restored: total, total, done: true });
    return { commit, changelogs: reached };
  } finally {
    await reader.close();
  }
}

/** Stands for rows without a commit record: only at-least-once leaves such, when it is killed in the middle of the first. */
const noCommit: CommitMeta = { sequence: 0, incarnation: '', positions: {}, streamTime: -1 };

const positionsOf = (changelogs: readonly Changelog[]): ReadonlyMap<string, number> =>
  new Map(changelogs.map(({ topic, end }) => [topic, end]));
