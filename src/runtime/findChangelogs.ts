import type { NamedStore } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import { type Clock, delay } from './clock.ts';
import type { Names } from './names.ts';
import type { Transport } from './transport/transport.ts';

export interface ChangelogParts {
  readonly stores: readonly NamedStore[];
  readonly names: Names;
  readonly partition: number;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What of a store's changelog local state lacks. */
export interface Changelog {
  readonly store: NamedStore;
  readonly topic: string;
  readonly from: number;
  /** The last stable offset when it was asked for. */
  readonly end: number;
}

/** A leader that has just been elected may be behind for so long in what it lets be read. */
const behindFor = 30_000;

/**
 * Every store's changelog. `seen`: up to where each is known to go. STATE_AHEAD when one stays behind that, OFFSET_OUT_OF_RANGE
 * when records that local state lacks are gone.
 */
export async function findChangelogs(
  parts: ChangelogParts,
  local: ReadonlyMap<string, number>,
  seen: (topic: string) => number = (topic) => local.get(topic) ?? 0,
): Promise<Changelog[]> {
  const { stores, names, partition, transport, clock, signal } = parts;
  const partitions = stores.map(({ name }) => ({ topic: names.changelog(name), partition }));
  const starts = await transport.admin.startOffsets(partitions);
  const deadline = clock.monotonic() + behindFor;
  for (;;) {
    const ends = await transport.admin.endOffsets(partitions, 'committed');
    const behind = partitions.findIndex(({ topic }, index) => ends[index]! < seen(topic));
    if (behind < 0) return stores.map((store, index) => lacking(store, index, ends[index]!));
    const { topic } = partitions[behind]!;
    if (clock.monotonic() >= deadline) throw stateAhead(topic, partition, seen(topic), ends[behind]!);
    await delay(clock, 200, signal);
  }

  function lacking(store: NamedStore, index: number, end: number): Changelog {
    const { topic } = partitions[index]!;
    const start = starts[index]!;
    const known = local.get(topic) ?? 0;
    // Only window changelogs are ever cut at the start, and what is cut there has long expired.
    const from = store.spec.kind !== 'keyValue' ? Math.max(start, known) : known;
    if (from < start) throw changelogCut(topic, partition, from, start);
    return { store, topic, from: Math.min(from, end), end };
  }
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
