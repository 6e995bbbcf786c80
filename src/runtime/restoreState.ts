import type { NamedStore } from '../dsl/topology.ts';
import type { MillraceError } from '../errors.ts';
import type { Backend } from '../state/backend.ts';
import { beginRestore, clearStores, type Restoration } from '../state/restore.ts';
import type { Claims } from './changelogClaims.ts';
import { ChangelogGuard } from './changelogGuard.ts';
import { type ChangelogVisitor, checkHistory, visitChangelog } from './changelogRecords.ts';
import { checkAlone } from './checkAlone.ts';
import type { Clock } from './clock.ts';
import { type AppliedCommits, appliedBy, type CommitMeta, localMeta, torn } from './commitMeta.ts';
import { findChangelogs } from './findChangelogs.ts';
import { LastCommit } from './lastCommit.ts';
import type { Names } from './names.ts';
import { type GuardedChangelog, isWhole, repairChangelogs } from './repairChangelogs.ts';
import { type RestoreMeter, restoreMeter } from './restoreMeter.ts';
import { unplaced, withoutStale } from './staleState.ts';
import type { Throttle } from './throttle.ts';
import type { Batch, Producer, Reader, Transport } from './transport/transport.ts';

/** How far the restore of a task's state is; records are counted over all its changelogs. */
export interface RestoreProgress {
  readonly task: string;
  readonly restored: number;
  readonly total: number;
  /** Read so far. */
  readonly bytes: number;
  /** Records per second since it began. */
  readonly rate: number;
  /** ms it will take if it goes on so; undefined while nothing is known. */
  readonly left: number | undefined;
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
  /** Of the task. Nothing is written with it unless a changelog has to be put right. */
  readonly producer: Producer;
  /** Its records are in transactions, and nobody else's are. */
  readonly exactlyOnce: boolean;
  /** Resolves when what it has written can be read. */
  readonly settle: () => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** All restores of the worker together. */
  readonly throttle: Throttle;
  readonly onProgress: (progress: RestoreProgress) => void;
  readonly onWarning: (warning: MillraceError) => void;
}

/** Where a state stands. */
export interface Restored {
  /** Of the last commit in the state as it now is. */
  readonly commit: CommitMeta | undefined;
  /** Next offset to read, by changelog. */
  readonly changelogs: ReadonlyMap<string, number>;
  /** In the changelogs before that. */
  readonly claims: Claims;
  /** Wall clock when it was last written; Infinity where that is not known. */
  readonly time: number;
  /** Changelogs that say what their rows are. */
  readonly described: ReadonlySet<string>;
  /** Where there are rows of later commits as well, but not all of them: then they are not to be read. */
  readonly partial?: AppliedCommits | undefined;
}

/** Records in one SQLite transaction of the restore: an interrupted one goes on from there. */
const chunk = 50_000;
/** ms of synchronous work, after which the other tasks of the worker have their turn. */
const slice = 8;

/**
 * Brings local state up to the last stable offset of its changelogs. Whoever wrote them before has been fenced, so nothing
 * that counts can be added meanwhile. The end is judged by the position reached, since the last record there may be a
 * marker or gone.
 */
export async function restoreState(parts: RestoreParts, kept: Restored): Promise<Restored> {
  const { partition, producer, transport, backend, stores } = parts;
  const seen = (topic: string): number =>
    Math.max(kept.changelogs.get(topic) ?? 0, producer.end(topic, partition) ?? 0);
  const local = await withoutStale(parts, kept);
  const found = await findChangelogs(parts, local.changelogs, seen);
  const changelogs = found.map((changelog) => {
    return { ...changelog, guard: new ChangelogGuard(local.claims.get(changelog.topic) ?? []) };
  });
  const cleared = unplaced(parts, local);
  if (local.partial === undefined && changelogs.every(({ from, end }) => from === end)) {
    clearStores(
      backend,
      stores.filter(({ name }) => cleared.has(name)),
    );
    return { ...local, changelogs: new Map(changelogs.map(({ topic, end }) => [topic, end])) };
  }
  const restoration = beginRestore(backend, stores, { cleared });
  const reader = transport.reader({ isolation: 'committed', maxBytes: 8 << 20 });
  try {
    const restored = await readAll(parts, local, changelogs, restoration, reader);
    return await putRight(
      parts,
      changelogs,
      restoration,
      restored,
      positionsOf(changelogs, reader, partition),
    );
  } finally {
    await reader.close();
  }
}

/** A restore under way. */
interface Reading {
  readonly parts: RestoreParts;
  readonly local: Restored;
  readonly changelogs: readonly GuardedChangelog[];
  readonly restoration: Restoration;
  readonly reader: Reader;
  readonly found: LastCommit;
  readonly meter: RestoreMeter;
  /** How far the rows of each store are. */
  readonly applied: Map<string, number>;
  /** What a restart would go on from. */
  safe: Restored;
}

async function readAll(
  parts: RestoreParts,
  local: Restored,
  changelogs: readonly GuardedChangelog[],
  restoration: Restoration,
  reader: Reader,
): Promise<Restored> {
  const { task, partition, storesSignature: signature, clock, signal, onProgress } = parts;
  const start = changelogs.map(({ topic, from }) => ({ topic, partition, offset: from }));
  reader.assign(start);
  const total = changelogs.reduce((sum, { from, end }) => sum + (end - from), 0);
  const meter = restoreMeter(task, total, clock);
  const found = new LastCommit(changelogs[0]!.topic, local.commit);
  const applied = new Map(local.partial ?? appliedBy(parts.stores, local.commit));
  const safe = {
    ...local,
    partial: undefined,
    changelogs: new Map(start.map(({ topic, offset }) => [topic, offset])),
  };
  const reading: Reading = { parts, local, changelogs, restoration, reader, found, meter, applied, safe };
  for (let left = total; left > 0; ) {
    signal.throwIfAborted();
    await apply(reading, await reader.poll(100));
    if (restoration.pendingRows >= chunk) {
      reading.safe = reached(reading);
      restoration.commit(localMeta({ ...reading.safe, partial: applied }, signature, clock.now()));
    }
    left = leftOf(reading);
    onProgress(meter.progress(total - left, false));
    await clock.breathe();
  }
  const restored = reached(reading);
  restoration.finish(localMeta(restored, signature, clock.now()));
  onProgress(meter.progress(total, true));
  return restored;
}

async function apply(
  { parts, local, changelogs, restoration, found, meter, applied }: Reading,
  batches: readonly Batch[],
): Promise<void> {
  const { clock, throttle, signal } = parts;
  const storeOf = (topic: string) => changelogs.find((changelog) => changelog.topic === topic)!.store;
  const visitor: ChangelogVisitor = {
    row(store, key, value, timestamp) {
      applied.set(store, torn);
      restoration.apply(store, key, value, timestamp);
    },
    commit(topic, meta) {
      applied.set(storeOf(topic).name, meta.sequence);
      found.take(topic, meta);
    },
  };
  let busySince = clock.monotonic();
  for (const batch of batches) {
    if (clock.monotonic() - busySince >= slice) {
      await clock.breathe();
      busySince = clock.monotonic();
    }
    meter.bytes += batch.bytes;
    await throttle(batch.bytes, signal);
    const { store, guard } = changelogs.find(({ topic }) => topic === batch.topic)!;
    visitChangelog(batch, store, guard, visitor);
    if (found.commit !== undefined) checkHistory(local.commit, found.commit, batch);
  }
}

function leftOf({ changelogs, reader, parts: { partition } }: Reading): number {
  const behind = changelogs.map(({ topic, end }) => end - reader.position({ topic, partition }));
  return behind.reduce((sum, records) => sum + Math.max(0, records), 0);
}

/** As long as rows that count are covered the position stays before what covers them: a restart has to see it again. */
function reached({ parts, local, changelogs, reader, found: { commit }, safe }: Reading): Restored {
  const told = changelogs.filter(({ guard }) => guard.isDescribed).map(({ topic }) => topic);
  const described = new Set([...local.described, ...told]);
  if (changelogs.some(({ guard }) => guard.covered.length > 0)) return { ...safe, commit, described };
  const claims = new Map(changelogs.map(({ topic, guard }) => [topic, guard.claims]));
  const time = parts.clock.now();
  return { commit, changelogs: positionsOf(changelogs, reader, parts.partition), claims, time, described };
}

/** What the owner of the changelogs owes them; who is not the owner leaves them as they are. */
async function putRight(
  parts: RestoreParts,
  changelogs: readonly GuardedChangelog[],
  restoration: Restoration,
  restored: Restored,
  read: ReadonlyMap<string, number>,
): Promise<Restored> {
  const { producer, partition, backend, exactlyOnce } = parts;
  const isOwner = changelogs.every(({ guard }) => guard.owner === producer.producerId);
  if (!isOwner || changelogs.every(({ guard }) => isWhole(guard))) return restored;
  const written = await repairChangelogs(parts, changelogs, restoration, restored.commit);
  const claims = new Map(changelogs.map(({ topic, guard }) => [topic, guard.claims.slice(-1)]));
  let put: Restored = {
    commit: restored.commit,
    changelogs: read,
    claims,
    time: parts.clock.now(),
    described: restored.described,
  };
  if (!exactlyOnce) {
    checkAlone(producer, partition, read, written);
    const behind = [...read].map(([topic, end]) => [topic, end + written.get(topic)!] as const);
    put = { ...put, changelogs: new Map(behind) };
  }
  backend.transaction((write) => {
    for (const [name, value] of localMeta(put, parts.storesSignature, put.time)) write.meta(name, value);
  });
  return put;
}

const positionsOf = (
  changelogs: readonly GuardedChangelog[],
  reader: Reader,
  partition: number,
): ReadonlyMap<string, number> =>
  new Map(changelogs.map(({ topic }) => [topic, reader.position({ topic, partition })]));
