import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type App,
  type AppOptions,
  app,
  type Client,
  embeddedBroker,
  type NewTopic,
  openClient,
  type TopicCodecs,
  type TopicRecord,
} from '../../src/index.ts';
import { behindOf } from '../../src/runtime/testing/behindOf.ts';
import { type VirtualClock, virtualClock } from '../../src/runtime/testing/virtualClock.ts';
import type { Faults } from '../../src/runtime/transport/embedded/faults.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';

export type Guarantee = 'exactly-once' | 'at-least-once';
export const guarantees: readonly Guarantee[] = ['exactly-once', 'at-least-once'];

/** An embedded broker on virtual time, a client of it, and a folder for state: gone when the test is. */
export interface World {
  readonly clock: VirtualClock;
  readonly client: Client;
  readonly transport: Transport;
  readonly stateDir: string;
  /** Another instance; not started. */
  instance(id: string, options: Omit<AppOptions, 'broker' | 'clock'>): App;
  start(...apps: readonly App[]): Promise<void>;
  /** Lets time pass until the group has committed everything its topics hold. */
  drained(group: string, topics: readonly string[]): Promise<void>;
  /** Everything committed in a topic. */
  read<K, V>(topic: string, codecs: TopicCodecs<K, V>): Promise<TopicRecord<K, V>[]>;
}

export async function world(topics: readonly NewTopic[], faults?: Faults): Promise<World> {
  const clock = virtualClock(1_700_000_000_000);
  const broker = embeddedBroker({ storage: 'memory', clock, ...(faults && { faults }) });
  const client = await clock.run(openClient({ broker }));
  const transport = broker.transport('test');
  await clock.run(transport.connect());
  await clock.run(client.createTopics(topics));
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-'));
  onTestFinished(() => {
    broker.close();
    rmSync(stateDir, { recursive: true, force: true });
  });
  return {
    clock,
    client,
    transport,
    stateDir,
    instance: (id, options) => app(id, { stateDir, ...options, broker, clock }),
    start: async (...apps) => {
      await clock.run(Promise.all(apps.map((one) => one.start())));
    },
    async drained(group, names) {
      for (let round = 0; (await clock.run(behindOf(transport, group, names))).length > 0; round++) {
        if (round > 3_000) throw new Error('The application does not get to the end of its topics.');
        await clock.advance(50);
      }
    },
    read: (topic, codecs) =>
      clock.run(
        (async () => {
          const records: TopicRecord<never, never>[] = [];
          for await (const record of client.read(topic, codecs, { until: 'end' }))
            records.push(record as never);
          return records as never;
        })(),
      ),
  };
}
