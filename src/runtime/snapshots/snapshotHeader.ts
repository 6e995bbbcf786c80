import { MillraceError } from '../../errors.ts';
import type { Claim } from '../changelogClaims.ts';
import type { CommitMeta } from '../commitMeta.ts';

/** What a snapshot says of itself: a line of JSON before the bytes of the database. */
export interface SnapshotHeader {
  readonly format: 1;
  readonly application: string;
  readonly task: string;
  /** What the rows of each store are. */
  readonly stores: string;
  readonly commit: CommitMeta;
  readonly changelogs: Readonly<Record<string, number>>;
  readonly claims: Readonly<Record<string, readonly Claim[]>>;
  /** ms since 1970 when it was taken. */
  readonly time: number;
  readonly bytes: number;
  /** Of these, hexadecimal. */
  readonly sha256: string;
}

/** No header is longer. */
export const longestHeader: number = 1 << 20;

/** The newest of a task has the last name. */
export function snapshotName({ application, task, commit, time }: SnapshotHeader): string {
  const number = (value: number): string => String(value).padStart(16, '0');
  return `${snapshotPrefix(application, task)}${number(time)}-${number(commit.sequence)}.snapshot`;
}

export function snapshotPrefix(application: string, task: string): string {
  return `${application}/${task}/`;
}

export function encodeHeader(header: SnapshotHeader): Buffer {
  return Buffer.from(`${JSON.stringify(header)}\n`);
}

export function decodeHeader(line: string): SnapshotHeader {
  let header: Partial<SnapshotHeader> | null;
  try {
    header = JSON.parse(line) as Partial<SnapshotHeader> | null;
  } catch (cause) {
    throw ignored('it does not begin with a header', 'a line of JSON', line.slice(0, 60), cause);
  }
  if (header?.format !== 1) throw ignored('it has another format', 'format 1', String(header?.format));
  const { commit, changelogs, sha256 } = header;
  const isWhole = typeof commit?.incarnation === 'string' && typeof changelogs === 'object' && !!sha256;
  if (!isWhole)
    throw ignored('its header lacks something', 'commit, changelogs and sha256', line.slice(0, 200));
  return header as SnapshotHeader;
}

/** Why a snapshot cannot be used. */
export function ignored(why: string, expected: string, found: string, cause?: unknown): MillraceError {
  return new MillraceError('SNAPSHOT_IGNORED', `A snapshot is not used: ${why}`, {
    expected,
    found,
    cause,
    next: 'Nothing: an older one is tried, then the state is restored from its changelog. Delete the snapshot if it is not yours.',
  });
}
