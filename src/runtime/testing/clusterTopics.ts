import { bytes } from '../../dsl/codecs/bytes.ts';
import { noHeaders } from '../../dsl/message.ts';
import type { Topology } from '../../dsl/topology.ts';
import { type Client, type NewRecord, openClient, type TopicCodecs } from '../client.ts';
import type { Names } from '../names.ts';
import type { EmbeddedBroker } from '../transport/embedded/embeddedBroker.ts';
import type { ClusterRecord } from './cluster.ts';
import type { DriverRecord, RawDriverRecord } from './drive.ts';
import { asBytes } from './singleBatch.ts';
import { type AnyTopicCodecs, sinkCodecs, sourceCodecs } from './topicCodecs.ts';

/** The topics of a driven application, from outside. */
export interface ClusterTopics {
  send(topic: string, records: readonly DriverRecord[]): Promise<void>;
  sendRaw(topic: string, record: RawDriverRecord): Promise<void>;
  /** What was committed since the last call. */
  read(topic: string): Promise<ClusterRecord[]>;
  /** All that is committed, of each topic the application writes. */
  outputs(): Promise<(readonly [topic: string, records: readonly ClusterRecord[]])[]>;
}

export async function clusterTopics(
  compiled: Topology,
  names: Names,
  broker: EmbeddedBroker,
  partitions: ReadonlyMap<string, number>,
): Promise<ClusterTopics> {
  const client = await openClient({ broker, clientId: 'driver' });
  await client.createTopics([...partitions].map(([topic, count]) => ({ topic, partitions: count })));
  /** By topic, how many records of each partition have been read. */
  const positions = new Map<string, number[]>();
  const nameOf = names.topic;

  async function readAll(topic: string): Promise<ClusterRecord[]> {
    return (await recordsOf(client, topic, sinkCodecs(compiled, topic, nameOf))).map(
      ({ key, value, timestamp, headers, partition }) => ({ key, value, timestamp, headers, partition }),
    );
  }

  const steps = compiled.subtopologies.flatMap((piece) => piece.steps);
  const sinks = new Set(steps.filter(({ node }) => node.shape === 'sink').map(({ topic }) => topic));
  const read = new Set([...steps, ...compiled.globalTables].map(({ topic }) => topic));
  return {
    async outputs() {
      const written = [...partitions.keys()].filter((topic) => sinks.has(topic) || !read.has(topic));
      return Promise.all(written.map(async (topic) => [topic, await readAll(topic)] as const));
    },
    send: async (topic, records) =>
      client.send(topic, sourceCodecs(compiled, topic, nameOf), records.map(withTime)),
    async sendRaw(topic, record) {
      sourceCodecs(compiled, topic, nameOf);
      const { key = null, value = null } = record;
      await client.send(topic, raw, [withTime({ ...record, key: asBytes(key), value: asBytes(value) })]);
    },
    async read(topic) {
      const before = positions.get(topic) ?? [];
      const now: number[] = [];
      const all = await readAll(topic);
      positions.set(topic, now);
      return all.filter(({ partition }) => {
        now[partition] = (now[partition] ?? 0) + 1;
        return now[partition] > (before[partition] ?? 0);
      });
    },
  };
}

const raw: TopicCodecs<Buffer, Buffer> = { key: bytes, value: bytes };

const withTime = <K, V>({
  timestamp = 0,
  headers = noHeaders,
  ...record
}: NewRecord<K, V>): NewRecord<K, V> => ({
  ...record,
  timestamp,
  headers,
});

/** Partition by partition. */
async function recordsOf(client: Client, topic: string, codecs: AnyTopicCodecs) {
  const records = [];
  for await (const record of client.read(topic, codecs, { until: 'end' })) records.push(record);
  return records.sort((a, b) => a.partition - b.partition);
}
