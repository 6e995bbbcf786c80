import type { NamedStore, Topology } from '../../dsl/topology.ts';
import { MillraceError } from '../../errors.ts';
import type { Names } from '../names.ts';
import { checkStore, type StoreRow } from '../storeRows.ts';
import type { Transport } from '../transport/transport.ts';
import { behindOf } from './behindOf.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterTopics } from './clusterTopics.ts';
import type { Fleet } from './fleet.ts';
import { shownStores, snapshotOf } from './snapshot.ts';
import type { Trouble } from './trouble.ts';
import type { VirtualClock } from './virtualClock.ts';

export interface ClusterParts {
  readonly compiled: Topology;
  readonly names: Names;
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly fleet: Fleet;
  readonly trouble: Trouble;
  readonly topics: ClusterTopics;
  readonly transport: Transport;
  /** How many there are to run. */
  readonly taskCount: number;
  readonly release: () => void;
}

const hour = 3_600_000;
/** ms between two looks at how far the group is. */
const lookEvery = 50;
/** ms of a settle() in which chaos strikes. */
const chaosLasts = 60_000;
/** ms in which every instance has taken in what a global table's topic holds. */
const globalTablesFollow = 1_000;

/** What a test holds in its hands: each call runs the virtual clock until it is done. */
export function drivenCluster(parts: ClusterParts): Cluster {
  const { clock, fleet, trouble, topics } = parts;

  function store(name: string): readonly StoreRow[] {
    checkStore(parts.compiled, name);
    return fleet.rows(name, isGlobal(parts.compiled, name));
  }

  async function close(): Promise<void> {
    trouble.chaotic = false;
    try {
      await clock.run(fleet.stopAll());
    } finally {
      parts.release();
    }
    fleet.check();
  }

  return {
    seed: parts.seed,
    drops: fleet.drops,
    warnings: fleet.warnings,
    get instances() {
      return fleet.instances;
    },
    send: async (topic, records) => clock.run(topics.send(topic, 'length' in records ? records : [records])),
    sendRaw: async (topic, record) => clock.run(topics.sendRaw(topic, record)),
    async settle(limit = hour) {
      await settle(parts, limit);
      trouble.chaotic = true;
    },
    async advance(ms) {
      await clock.advance(ms);
      fleet.check();
    },
    read: (topic) => clock.run(topics.read(topic)),
    store,
    async start() {
      const instance = await clock.run(fleet.start());
      fleet.check();
      return instance;
    },
    crash: async () => fleet.pick().crash(),
    stop: async () => fleet.pick().stop(),
    inject: (injection) => trouble.inject(injection),
    async snapshot() {
      const outputs = await clock.run(topics.outputs());
      const stores = shownStores(parts.compiled).map((name) => [name, store(name)] as const);
      return snapshotOf({ outputs, stores, drops: fleet.drops });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const isGlobal = ({ globalTables }: Topology, name: string): boolean =>
  globalTables.some(({ stores }) => stores.some((store: NamedStore) => store.name === name));

async function settle(
  { compiled, names, clock, fleet, transport, seed, taskCount, trouble }: ClusterParts,
  limit: number,
): Promise<void> {
  const sources = compiled.subtopologies.flatMap((piece) => piece.sources.map(names.topic));
  if (compiled.globalTables.length > 0) await clock.advance(globalTablesFollow);
  const begin = clock.monotonic();
  for (; ; await clock.advance(lookEvery)) {
    fleet.check();
    const behind = await clock.run(behindOf(transport, names.application, sources));
    const running = new Set(fleet.instances.flatMap(({ tasks }) => tasks));
    if (behind.length === 0 && running.size === taskCount) return;
    // A group that is disturbed at every turn would never come to rest.
    trouble.chaotic &&= behind.length > 0 && clock.monotonic() - begin < chaosLasts;
    if (fleet.isGone) fleet.pick(); // says so
    if (clock.monotonic() - begin >= limit) {
      throw new MillraceError('NOT_SETTLED', 'The application does not get to the end of its topics', {
        expected: `everything committed within ${limit} ms`,
        found: `${behind.join(', ') || `${running.size} of ${taskCount} tasks running`}, with seed ${seed}`,
        next: 'Look at the warnings and the instances of the cluster; allow more time, or less chaos.',
      });
    }
  }
}
