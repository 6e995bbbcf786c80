import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, embeddedBroker, openClient, topology } from 'millrace';
import { modong } from '../job.ts';
import { newTopics, type TopicNames, topicNames } from '../topics.ts';
import type { Pace } from './script.ts';
import { type DemoWorker, embeddedWorker, processWorker } from './workers.ts';

/** A broker with the topics of this run, and workers for it. */
export interface Stage {
  readonly description: string;
  readonly client: Client;
  readonly topics: TopicNames;
  worker(number: number): DemoWorker;
  /** Leaves nothing behind, unless the topics are to be kept. */
  close(): Promise<void>;
}

const partitions = 4;

/** The embedded broker: everything in this process, topics in memory, state in a folder that goes with it. */
export async function embeddedStage({ grace }: Pick<Pace, 'grace'>): Promise<Stage> {
  const broker = embeddedBroker({ storage: 'memory' });
  const client = await openClient({ broker });
  await client.createTopics(newTopics('', partitions));
  const folder = await mkdtemp(join(tmpdir(), 'modong-'));
  return {
    description: 'the embedded broker, in memory',
    client,
    topics: topicNames(''),
    worker: (number) =>
      embeddedWorker({
        id: 'modong',
        sinks: modong({ grace }),
        broker,
        // A folder each, as on machines of their own.
        stateDir: join(folder, String(number)),
        sessionTimeout: '800ms',
        heartbeatInterval: '200ms',
      }),
    async close() {
      await client.close();
      broker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Apache Kafka: workers are processes; topics have the name of the run before theirs, so that runs do not meet. */
export async function kafkaStage(
  brokers: string,
  { grace }: Pick<Pace, 'grace'>,
  keep: boolean,
): Promise<Stage> {
  const id = `modong-${Date.now().toString(36)}`;
  const prefix = `${id}.`;
  const client = await openClient({ brokers });
  const topics = newTopics(prefix, partitions);
  await client.createTopics(topics);
  const folder = await mkdtemp(join(tmpdir(), 'modong-'));
  return {
    description: `Apache Kafka at ${brokers}, topics ${prefix}*`,
    client,
    topics: topicNames(prefix),
    worker: (number) => processWorker({ id, brokers, prefix, grace, stateDir: join(folder, String(number)) }),
    async close() {
      if (!keep)
        await client.deleteTopics([...topics.map(({ topic }) => topic), ...internalTopics(id, prefix)]);
      await client.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The topics that the application makes for itself. */
function internalTopics(id: string, prefix: string): string[] {
  const { subtopologies, repartitions } = topology(modong({ prefix }));
  const stores = subtopologies.flatMap((each) => each.stores);
  return [
    ...stores.map(({ name }) => `${id}-${name}-changelog`),
    ...repartitions.map(({ topic }) => `${id}-${topic}`),
  ];
}
