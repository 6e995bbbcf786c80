import type { Restoration } from '../state/restore.ts';
import { withdrawClaims } from './changelogClaims.ts';
import type { ChangelogGuard } from './changelogGuard.ts';
import { type CommitMeta, encodeMeta, metaHeaders, metaKey, rowHeaders } from './commitMeta.ts';
import type { Changelog } from './findChangelogs.ts';
import type { RestoreParts } from './restoreState.ts';
import { describeStore, descriptionHeaders, descriptionKey } from './storeDescription.ts';

/** A changelog that was read with its guard to its end. */
export interface GuardedChangelog extends Changelog {
  readonly guard: ChangelogGuard;
}

/** Whether a changelog is as its owner wants to leave it: nothing that counts is covered, and no claim stands but the last. */
export function isWhole(guard: ChangelogGuard): boolean {
  return guard.covered.length === 0 && guard.claims.length < 2;
}

/**
 * Writes again what late records of former owners have covered, so that compaction keeps what counts, and withdraws their
 * claims, since nothing needs them any more. Only the owner may; everything in the changelogs has been applied. Gives how
 * many records went to each.
 */
export async function repairChangelogs(
  parts: RestoreParts,
  changelogs: readonly GuardedChangelog[],
  restoration: Restoration,
  commit: CommitMeta | undefined,
): Promise<ReadonlyMap<string, number>> {
  const { producer, partition, settle } = parts;
  for (const { topic, store, guard } of changelogs) {
    for (const key of guard.covered) {
      if (key.equals(metaKey)) {
        const value = commit === undefined ? null : encodeMeta(commit);
        producer.append(topic, partition, key, value, parts.clock.now(), metaHeaders);
        continue;
      }
      if (key.equals(descriptionKey)) {
        const value = describeStore(store.spec);
        producer.append(topic, partition, key, value, parts.clock.now(), descriptionHeaders);
        continue;
      }
      const row = restoration.read(store.name, key);
      const timestamp = row?.timestamp ?? parts.clock.now();
      producer.append(topic, partition, key, row?.value ?? null, timestamp, rowHeaders);
    }
  }
  // Not before that is in the log: as long as they stand they say what does not count.
  await settle();
  const written = new Map<string, number>();
  for (const { topic, guard } of changelogs) {
    const former = guard.claims.slice(0, -1);
    withdrawClaims(former, topic, partition, producer, parts.clock.now());
    written.set(topic, guard.covered.length + former.length);
  }
  await settle();
  return written;
}
