import type { NamedStore } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import type { Names } from './names.ts';
import type { Transport } from './transport/transport.ts';

export interface ChangelogParts {
  readonly stores: readonly NamedStore[];
  readonly names: Names;
  readonly partition: number;
  readonly transport: Transport;
}

/** What of a store's changelog local state lacks. */
export interface Changelog {
  readonly store: NamedStore;
  readonly topic: string;
  readonly from: number;
  /** The last stable offset when it was asked for. */
  readonly end: number;
}

/** Every store's changelog. STATE_AHEAD and OFFSET_OUT_OF_RANGE when local state and changelog cannot belong together. */
export async function findChangelogs(
  { stores, names, partition, transport }: ChangelogParts,
  local: ReadonlyMap<string, number>,
): Promise<Changelog[]> {
  const partitions = stores.map(({ name }) => ({ topic: names.changelog(name), partition }));
  const [starts, ends] = await Promise.all([
    transport.admin.startOffsets(partitions),
    transport.admin.endOffsets(partitions, 'committed'),
  ]);
  return stores.map((store, index) => {
    const { topic } = partitions[index]!;
    const end = ends[index]!;
    const known = local.get(topic);
    if (known !== undefined && known > end) throw stateAhead(topic, partition, known, end);
    const start = starts[index]!;
    // Only window changelogs are ever cut at the start, and what is cut there has long expired.
    const from = store.spec.kind !== 'keyValue' ? Math.max(start, known ?? 0) : (known ?? 0);
    if (from < start) throw changelogCut(topic, partition, from, start);
    return { store, topic, from: Math.min(from, end), end };
  });
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
