import type { NamedStore } from '../../dsl/topology.ts';
import { ChangelogGuard } from '../changelogGuard.ts';
import { visitChangelog } from '../changelogRecords.ts';
import type { Clock } from '../clock.ts';
import { type CommitMeta, decodeOffsetMetadata } from '../commitMeta.ts';
import { findChangelogs } from '../findChangelogs.ts';
import type { Names } from '../names.ts';
import type { TaskPlan } from '../plan.ts';
import { checkDescriptions, describeStore } from '../storeDescription.ts';
import type { Transport } from '../transport/transport.ts';
import { ignored, type SnapshotHeader } from './snapshotHeader.ts';

export interface CheckParts {
  readonly plan: TaskPlan;
  readonly names: Names;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Kafka's default for how long the log keeps that a key was deleted. */
const defaultDeleteRetention = 86_400_000;

/**
 * Whether the changelogs go on where a snapshot ends: they reach so far and still have all behind it, deletions too; and the history
 * is the same, as the next commit or the group's offsets say. Rejects with SNAPSHOT_IGNORED.
 */
export async function checkSnapshot(header: SnapshotHeader, parts: CheckParts): Promise<void> {
  const { plan, names, transport, clock } = parts;
  const { stores } = plan.subtopology;
  const wanted = Object.fromEntries(stores.map(({ name, spec }) => [name, describeStore(spec)]));
  checkDescriptions(JSON.parse(header.stores) as Record<string, string>, wanted, {});
  const topics = stores.map(({ name }) => names.changelog(name));
  const described = await transport.admin.describe(topics);
  const kept = described.map((topic) =>
    Number(topic?.config['delete.retention.ms'] ?? defaultDeleteRetention),
  );
  const age = clock.now() - header.time;
  const oldest = Math.min(...kept) / 2;
  if (age > oldest) {
    throw ignored(
      'keys may have been deleted since of which the log has forgotten it',
      `at most ${oldest} ms old`,
      `${age} ms`,
    );
  }
  const positions = new Map(Object.entries(header.changelogs));
  const reaching = { stores, names, partition: plan.partition, transport, clock, signal: parts.signal };
  const changelogs = await findChangelogs(reaching, positions, () => 0);
  for (const { topic, end } of changelogs) {
    const position = positions.get(topic) ?? 0;
    if (position > end)
      throw ignored('its changelog does not go so far', `at most ${end} of ${topic}`, `${position}`);
  }
  const history = (await nextCommit(header, parts, stores[0]!))?.incarnation ?? (await ofGroup(parts));
  const { incarnation } = header.commit;
  if (history !== undefined && history !== incarnation) {
    throw ignored('it is of another history', `incarnation ${history}`, incarnation);
  }
}

/** The first commit behind the snapshot. */
async function nextCommit(
  { changelogs, claims }: SnapshotHeader,
  { plan, names, transport, clock, signal }: CheckParts,
  store: NamedStore,
): Promise<CommitMeta | undefined> {
  const place = { topic: names.changelog(store.name), partition: plan.partition };
  const [end] = await transport.admin.endOffsets([place], 'committed');
  const reader = transport.reader({ isolation: 'committed', maxBytes: 1 << 20 });
  const guard = new ChangelogGuard(claims[place.topic] ?? []);
  let found: CommitMeta | undefined;
  try {
    reader.assign([{ ...place, offset: changelogs[place.topic] ?? 0 }]);
    while (found === undefined && reader.position(place) < end!) {
      signal.throwIfAborted();
      for (const batch of await reader.poll(100)) {
        visitChangelog(batch, store, guard, {
          row() {},
          commit(_, meta) {
            found ??= meta;
          },
        });
      }
      await clock.breathe();
    }
  } finally {
    await reader.close();
  }
  return found;
}

/** The history of which the group has committed offsets. */
async function ofGroup({ plan, names, transport }: CheckParts): Promise<string | undefined> {
  const partitions = plan.topics.map((topic) => ({ topic, partition: plan.partition }));
  const committed = await transport.committed(names.application, partitions);
  const said = committed.map((one) => decodeOffsetMetadata(one?.metadata ?? '')?.incarnation);
  return said.find((incarnation) => incarnation !== undefined);
}
