import type { Headers } from '../dsl/message.ts';
import { noHeaders } from '../dsl/message.ts';
import type { NamedStore } from '../dsl/topology.ts';
import type { Claim } from './changelogClaims.ts';
import type { Restored } from './restoreState.ts';

/**
 * What a commit says about itself: goes with the changed rows into the changelog (the log's copy), into SQLite (the local
 * copy) and, shortened, beside the committed offsets. By comparing the three a restart knows which is behind.
 */
export interface CommitMeta {
  /** Counts the commits of a task's state; the same number always means the same state. */
  readonly sequence: number;
  /** Drawn when state begins: another one means another history. */
  readonly incarnation: string;
  /** Next offset to read, by topic. */
  readonly positions: Readonly<Record<string, number>>;
  readonly streamTime: number;
  /**
   * By store, the last commit that changed it; not for the first store, which every commit writes to. Who follows several
   * changelogs has a commit whole when he has read the record with this number in each.
   */
  readonly changed?: Readonly<Record<string, number>>;
}

/**
 * Key of the last record of a commit in the changelog of a task's first store, and of others that it has changed. It is no UTF-8, so no text key can equal it; for binary keys
 * a header tells as well.
 */
export const metaKey: Buffer = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('millrace.meta')]);
export const metaHeaders: Headers = [['millrace.meta', Buffer.from('1')]];
export const rowHeaders: Headers = noHeaders;

export function encodeMeta(meta: CommitMeta): string {
  return JSON.stringify(meta);
}

export function decodeMeta(text: string): CommitMeta {
  return JSON.parse(text) as CommitMeta;
}

/** Beside committed offsets: Kafka allows 4 KB, so only what is needed to compare. */
export function encodeOffsetMetadata({ sequence, incarnation }: CommitMeta): string {
  return JSON.stringify({ sequence, incarnation });
}

export function decodeOffsetMetadata(text: string): Pick<CommitMeta, 'sequence' | 'incarnation'> | undefined {
  if (!text.startsWith('{')) return undefined;
  const { sequence, incarnation } = JSON.parse(text) as Partial<CommitMeta>;
  return typeof sequence === 'number' && typeof incarnation === 'string'
    ? { sequence, incarnation }
    : undefined;
}

/** Stands for rows without a commit record: only at-least-once leaves such, when it is killed in the middle of the first. */
const noCommit: CommitMeta = { sequence: 0, incarnation: '', positions: {}, streamTime: -1 };

/** The same of a task without state, which has no commit record: its offsets are all that is kept of it. */
export const encodeStreamTime = (streamTime: number): string => JSON.stringify({ streamTime });

/** -1 where it is not told. */
export function decodeStreamTime(metadata: string): number {
  if (!metadata.startsWith('{')) return -1;
  const { streamTime } = JSON.parse(metadata) as { readonly streamTime?: unknown };
  return typeof streamTime === 'number' ? streamTime : -1;
}

/** By store, the last commit of which rows have been applied; `torn` where rows of a commit that has not ended are there. */
export type AppliedCommits = ReadonlyMap<string, number>;

export const torn = -1;

/** Of state that stands behind a commit, and of one that is empty. */
export function appliedBy(stores: readonly NamedStore[], commit: CommitMeta | undefined): AppliedCommits {
  return new Map(
    stores.map(({ name }) => [name, commit === undefined ? 0 : changedAt(name, commit, stores[0]!.name)]),
  );
}

/** The last commit up to this one that has changed the store. */
export function changedAt(name: string, commit: CommitMeta, first: string): number {
  return name === first ? commit.sequence : (commit.changed?.[name] ?? 0);
}

/** The entries of a state database's meta table that the runtime writes. */
export function localMeta(
  {
    commit = noCommit,
    changelogs,
    claims,
    partial,
  }: Pick<Restored, 'commit' | 'changelogs' | 'claims' | 'partial'>,
  storesSignature: string,
  now: number,
): ReadonlyMap<string, string> {
  return new Map([
    ['commit', encodeMeta(commit)],
    ['changelogs', JSON.stringify(Object.fromEntries(changelogs))],
    ['claims', JSON.stringify(Object.fromEntries(claims))],
    ['stores', storesSignature],
    ['time', `${now}`],
    ['partial', partial === undefined ? '' : JSON.stringify(Object.fromEntries(partial))],
  ]);
}

export function readLocalMeta(entries: ReadonlyMap<string, string>): Restored {
  const commit = entries.get('commit');
  const partial = entries.get('partial') ?? '';
  const changelogs = mapIn<number>(entries.get('changelogs') ?? '{}');
  return {
    commit: commit === undefined ? undefined : decodeMeta(commit),
    changelogs,
    claims: mapIn<Claim[]>(entries.get('claims') ?? '{}'),
    described: new Set(changelogs.keys()),
    time: Number(entries.get('time') ?? Number.POSITIVE_INFINITY),
    partial: partial === '' ? undefined : mapIn<number>(partial),
  };
}

function mapIn<T>(json: string): Map<string, T> {
  return new Map(Object.entries(JSON.parse(json) as Record<string, T>));
}
