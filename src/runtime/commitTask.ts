import type { NamedStore } from '../dsl/topology.ts';
import type { Sealed } from '../state/sealed.ts';
import type { TaskState } from '../state/taskState.ts';
import type { Claims } from './changelogClaims.ts';
import { checkAlone } from './checkAlone.ts';
import {
  type CommitMeta,
  encodeMeta,
  encodeOffsetMetadata,
  encodeStreamTime,
  localMeta,
  metaHeaders,
  metaKey,
  rowHeaders,
} from './commitMeta.ts';
import type { Names } from './names.ts';
import { describeStore, descriptionHeaders, descriptionKey } from './storeDescription.ts';
import type { Member, Producer } from './transport/transport.ts';

/** What one commit moves, taken at one moment: work may go on while it is under way. */
export interface CommitParts {
  readonly names: Names;
  readonly partition: number;
  readonly state: TaskState;
  /** Full name of the store whose changelog carries every commit record; undefined for tasks without state. */
  readonly firstStore: string | undefined;
  /** By store, but for the first: the last commit that changed it. Brought up to date here. */
  readonly changed: Map<string, number>;
  readonly producer: Producer;
  readonly member: Member;
  readonly group: string;
  /** Wall clock, for the commit record. */
  readonly now: number;
  /** Position behind the task's own writes in each changelog; brought up to date here. */
  readonly changelogs: Map<string, number>;
  readonly claims: Claims;
  readonly storesSignature: string;
  /** Stores of which the changelogs are to be told what they are. */
  readonly undescribed: readonly NamedStore[];
}

/** Commits everything the task has done: `meta` says up to where. Resolves when it can never be lost or done again. */
export type Commit = (parts: CommitParts, meta: CommitMeta) => Promise<void>;

/**
 * Exactly-once: outputs, changelog, commit record and offsets are one transaction; SQLite follows when the broker has
 * decided. A crash between leaves SQLite one transaction behind, which the next start reads from the changelog.
 */
export const commitExactlyOnce: Commit = async (parts, meta) => {
  const sealed = parts.state.seal();
  const said = appendMeta(parts, meta, appendChanges(parts, sealed, meta.sequence));
  await parts.producer.commit({
    group: parts.group,
    generation: parts.member.generation,
    memberId: parts.member.memberId,
    instanceId: parts.member.instanceId,
    offsets: offsetsOf(parts, meta),
  });
  writeBack(parts, sealed, said);
};

/**
 * At-least-once: outputs, then the changelog with the commit record last, then SQLite, then the offsets. Whatever is cut
 * off by a crash is done again from the last position that everything before it has reached. Nothing fences it: that nobody
 * else has written in between shows that all of it counts.
 */
export const commitAtLeastOnce: Commit = async (parts, meta) => {
  const sealed = parts.state.seal();
  await parts.producer.flush();
  let said = meta;
  if (parts.firstStore !== undefined) {
    const written = appendChanges(parts, sealed, meta.sequence);
    await parts.producer.flush();
    said = appendMeta(parts, meta, written);
    await parts.producer.flush();
    checkAlone(parts.producer, parts.partition, parts.changelogs, written);
  }
  writeBack(parts, sealed, said);
  await parts.member.commitOffsets(offsetsOf(parts, meta));
};

/** How many records went to each changelog. */
type Written = Map<string, number>;

function appendChanges(parts: CommitParts, sealed: Sealed, sequence: number): Written {
  const { names, partition, producer, firstStore, changed } = parts;
  const written: Written = new Map();
  for (const { name, spec } of parts.undescribed) {
    const topic = names.changelog(name);
    producer.append(topic, partition, descriptionKey, describeStore(spec), parts.now, descriptionHeaders);
    written.set(topic, 1);
  }
  let [last, topic, count] = ['', '', 0];
  sealed.forEachChange((store, key, value, timestamp) => {
    if (store !== last) {
      if (count > 0) add(written, topic, count);
      [last, topic, count] = [store, names.changelog(store), 0];
      if (store !== firstStore) changed.set(store, sequence);
    }
    producer.append(topic, partition, key, value, timestamp, rowHeaders);
    count++;
  });
  if (count > 0) add(written, topic, count);
  return written;
}

function add(written: Written, topic: string, count: number): void {
  written.set(topic, (written.get(topic) ?? 0) + count);
}

/** Behind the rows of this commit, in each changelog that has any: so that it can be seen where the commit ends. */
function appendMeta(parts: CommitParts, meta: CommitMeta, written: Written): CommitMeta {
  const { names, partition, producer, firstStore, changed, now } = parts;
  if (firstStore === undefined) return meta;
  const said = changed.size === 0 ? meta : { ...meta, changed: Object.fromEntries(changed) };
  const text = encodeMeta(said);
  const ended = [...changed.keys()].filter((store) => changed.get(store) === meta.sequence);
  for (const store of [...ended, firstStore]) {
    const topic = names.changelog(store);
    producer.append(topic, partition, metaKey, text, now, metaHeaders);
    add(written, topic, 1);
  }
  return said;
}

function writeBack(parts: CommitParts, sealed: Sealed, meta: CommitMeta): void {
  const { changelogs, partition, producer } = parts;
  for (const topic of changelogs.keys()) {
    const end = producer.end(topic, partition);
    if (end !== undefined) changelogs.set(topic, end);
  }
  sealed.write(
    localMeta({ commit: meta, changelogs, claims: parts.claims }, parts.storesSignature, parts.now),
  );
}

function offsetsOf({ partition, firstStore }: CommitParts, meta: CommitMeta) {
  const metadata = firstStore === undefined ? encodeStreamTime(meta.streamTime) : encodeOffsetMetadata(meta);
  return Object.entries(meta.positions).map(([topic, offset]) => ({ topic, partition, offset, metadata }));
}
