import type { Encoded } from '../dsl/codecs/codec.ts';
import type { NamedStore } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import type { Backend } from '../state/backend.ts';
import { beginRestore, type Restoration } from '../state/restore.ts';
import type { Clock } from './clock.ts';
import { type CommitMeta, decodeMeta, localMeta, metaKey } from './commitMeta.ts';
import type { Names } from './names.ts';
import type { Batch, Transport } from './transport/transport.ts';

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

interface Changelog {
  readonly store: NamedStore;
  readonly topic: string;
  from: number;
  end: number;
}

/**
 * Brings local state up to the last stable offset of its changelogs. Whoever wrote them before has been fenced, so nothing
 * can be added meanwhile. The end is judged by the position reached, since the last record there may be a marker or gone.
 */
export async function restoreState(parts: RestoreParts, local: Restored): Promise<Restored> {
  const changelogs = await findEnds(parts, local);
  const total = changelogs.reduce((sum, { from, end }) => sum + (end - from), 0);
  if (total === 0) return { ...local, changelogs: positionsOf(changelogs) };
  const restoration = beginRestore(parts.backend, parts.stores);
  const reader = parts.transport.reader({ isolation: 'committed', maxBytes: 8 << 20 });
  const { partition } = parts;
  let { commit } = local;
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
        commit = applyBatch(batch, byTopic.get(batch.topic)!, changelogs[0]!.topic, restoration) ?? commit;
        checkHistory(local.commit, commit, batch);
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

async function findEnds(
  { stores, names, partition, transport }: RestoreParts,
  local: Restored,
): Promise<Changelog[]> {
  const partitions = stores.map(({ name }) => ({ topic: names.changelog(name), partition }));
  const [starts, ends] = await Promise.all([
    transport.admin.startOffsets(partitions),
    transport.admin.endOffsets(partitions, 'committed'),
  ]);
  return stores.map((store, index) => {
    const { topic } = partitions[index]!;
    const end = ends[index]!;
    const known = local.changelogs.get(topic);
    if (known !== undefined && known > end) throw stateAhead(topic, partition, known, end);
    const start = starts[index]!;
    // Only window changelogs are ever cut at the start, and what is cut there has long expired.
    const from = store.spec.kind !== 'keyValue' ? Math.max(start, known ?? 0) : (known ?? 0);
    if (from < start) throw changelogCut(topic, partition, from, start);
    return { store, topic, from: Math.min(from, end), end };
  });
}

function applyBatch(
  batch: Batch,
  { store }: Changelog,
  metaTopic: string,
  restoration: Restoration,
): CommitMeta | undefined {
  const textKey = store.spec.kind === 'keyValue' && store.spec.key.format === 'text';
  const textValue = store.spec.value.format === 'text';
  const mayBeMeta = batch.topic === metaTopic;
  let commit: CommitMeta | undefined;
  while (batch.next()) {
    if (mayBeMeta && isMeta(batch)) {
      commit = decodeMeta(batch.valueText()!);
      continue;
    }
    const key: Encoded | null = textKey ? batch.keyText() : batch.keyBytes();
    const value = textValue ? batch.valueText() : batch.valueBytes();
    if (key !== null) restoration.apply(store.name, key, value, batch.timestamp);
  }
  return commit;
}

function isMeta(batch: Batch): boolean {
  const key = batch.keyBytes();
  return key !== null && key[0] === 0xff && key.equals(metaKey) && batch.headers().length > 0;
}

function checkHistory(
  local: CommitMeta | undefined,
  found: CommitMeta | undefined,
  { topic, partition }: Batch,
): void {
  if (local === undefined || local.incarnation === '' || found === undefined) return;
  if (found.incarnation === local.incarnation) return;
  throw new MillraceError(
    'STATE_INCOMPATIBLE',
    'The state folder belongs to another history than the changelog',
    {
      topic,
      partition,
      expected: `incarnation ${found.incarnation}, as in the changelog`,
      found: `incarnation ${local.incarnation} in the state folder`,
      next: 'The folder was copied from elsewhere, or the topic was deleted and made anew. Delete the folder: state is rebuilt from the changelog.',
    },
  );
}

function stateAhead(topic: string, partition: number, local: number, end: number): MillraceError {
  return new MillraceError(
    'STATE_AHEAD',
    'The local state has seen more of its changelog than the broker has',
    {
      topic,
      partition,
      expected: `at most ${end} (the end of the changelog)`,
      found: `${local} in the state folder`,
      next: "Either the broker has lost acknowledged data, and the local rows may be the only copy: keep the folder; or the folder belongs to another cluster: delete it, and state is rebuilt from this broker's changelog.",
    },
  );
}

function changelogCut(topic: string, partition: number, from: number, start: number): MillraceError {
  return new MillraceError(
    'OFFSET_OUT_OF_RANGE',
    'The changelog no longer has records that are needed to restore state',
    {
      topic,
      partition,
      expected: `records from offset ${from} on`,
      found: `records from offset ${start} on`,
      next: 'Somebody deleted records of a compacted topic. Restore the topic from a backup, or reset the application to rebuild state from its sources.',
    },
  );
}
