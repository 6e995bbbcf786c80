import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkOptions } from '../../dsl/options.ts';
import { topology } from '../../dsl/topology.ts';
import { namesOf } from '../names.ts';
import { plan, userTopics } from '../plan.ts';
import { settingNames } from '../settingOptions.ts';
import { embeddedBroker } from '../transport/embedded/embeddedBroker.ts';
import type { Cluster, ClusterOptions } from './cluster.ts';
import { clusterTopics } from './clusterTopics.ts';
import { drivenCluster } from './drivenCluster.ts';
import { Fleet } from './fleet.ts';
import { seededRandom } from './seededRandom.ts';
import { trouble } from './trouble.ts';
import { virtualClock } from './virtualClock.ts';

const names = namesOf('test');
/** A killed instance is given up sooner than in production: every test that kills one waits for it. */
const timing = { sessionTimeout: '2s', transactionTimeout: '5s' } as const;
const ownOptions = ['partitions', 'topics', 'instances', 'seed', 'state', 'chaos'] as const;

/**
 * ```ts
 * await using cluster = await driveCluster([totals.pipe(to('totals'))], { partitions: 3, instances: 2, seed: 7 });
 * await cluster.send('orders', [{ key: 'a', value: { total: 1 } }, { key: 'b', value: { total: 2 } }]);
 * cluster.inject({ api: 'endTxn', fault: 'crash-after' }); // committed, and nobody knows
 * await cluster.settle();
 * await cluster.read('totals'); // each total once
 * ```
 */
export async function driveCluster(
  sinks: Parameters<typeof topology>[0],
  options: ClusterOptions = {},
): Promise<Cluster> {
  const known = [
    ...ownOptions,
    ...settingNames.filter((name) => name !== 'stateDir' && name !== 'instanceId'),
  ];
  checkOptions(options, known, 'driveCluster()');
  const {
    partitions = 3,
    topics = {},
    instances = 2,
    seed = 1,
    state = 'memory',
    chaos = {},
    ...settings
  } = options;
  const compiled = topology(sinks);
  const counts = userTopics(compiled).map((topic) => [topic, partitions] as const);
  const all = new Map([...counts, ...Object.entries(topics)]);
  const taskCount = plan(compiled, names, all).tasks.length;
  const clock = virtualClock();
  const random = seededRandom(seed);
  const disturbance = trouble({
    random,
    chaos,
    isInstance: (name) => fleet.has(name),
    crash: (name) => fleet.strike(name),
    rebalance: () => fleet.rebalance(instances),
  });
  const broker = embeddedBroker({ storage: 'memory', clock, faults: disturbance.faults });
  const folder = state === 'sqlite' ? mkdtempSync(join(tmpdir(), 'millrace-')) : undefined;
  const fleet: Fleet = new Fleet({
    application: names.application,
    sinks,
    settings: { ...timing, ...settings, stateDir: folder ?? 'memory' },
    broker,
    clock,
    random,
    pause: (instance, ms) => disturbance.inject({ instance, fault: { kind: 'pauseClient', ms } }),
  });
  try {
    const outside = await clock.run(clusterTopics(compiled, names, broker, all));
    const transport = broker.transport('driver');
    await clock.run(transport.connect());
    await clock.run(Promise.all(Array.from({ length: instances }, () => fleet.start())));
    fleet.check();
    return drivenCluster({
      compiled,
      names,
      clock,
      seed,
      fleet,
      trouble: disturbance,
      topics: outside,
      transport,
      taskCount,
      release,
    });
  } catch (error) {
    release();
    throw error;
  }

  function release(): void {
    broker.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
