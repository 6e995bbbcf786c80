import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eachCommitted } from '../../scripts/kafka/readCommitted.ts';
import { type KafkaCluster, startKafka } from '../../scripts/kafka/startKafka.ts';
import { noHeaders } from '../../src/dsl/message.ts';
import { MillraceError } from '../../src/errors.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Producer, Transport } from '../../src/runtime/transport/transport.ts';
import { ClusterAdmin } from './clusterAdmin.ts';

const rounds = Number(process.env['WRITING_ROUNDS'] ?? 8);
const seed = Number(process.env['WRITING_SEED'] ?? Date.now() % 1_000_000);
const partitions = 6;
const perPartition = 20;
/** Several batches of a partition under way at a time. */
const options = { batchBytes: 600, lingerMs: 2 };

/** What has become of a transaction, as far as its producer knows. */
type Fate = 'committed' | 'aborted' | 'unknown';

/** Plain and transactional writing over three brokers of which one at a time loses a leadership or stands still. */
describe(`createProducer, while leaders move and brokers stand still (${rounds} rounds, seed ${seed})`, () => {
  const random = seededRandom(seed);
  const any = (count: number): number => Math.floor(random() * count);
  let cluster: KafkaCluster;
  let admin: ClusterAdmin;
  let transport: Transport;

  beforeAll(async () => {
    cluster = await startKafka({ nodes: 3 });
    admin = await ClusterAdmin.open(cluster.brokers);
    transport = kafkaTransport({ brokers: cluster.brokers }, systemClock);
    await transport.connect();
    await transport.admin.create(['plain', 'transactional'].map((topic) => ({ topic, partitions })));
  });
  afterAll(async () => {
    await transport?.close();
    await admin?.close();
    await cluster?.stop();
  });

  /** Resolves when it is over. */
  async function disturb(topic: string): Promise<void> {
    const partition = any(partitions);
    const leader = await admin.leader(topic, partition);
    if (any(2) === 0) {
      const others = [1, 2, 3].filter((broker) => broker !== leader);
      await admin.move(topic, partition, others[any(2)]!);
      return;
    }
    const node = Math.max(0, leader - 1);
    await cluster.kill(node, 'SIGSTOP');
    await delay(systemClock, 1500);
    await cluster.kill(node, 'SIGCONT');
  }

  /** Values tell their round and their place in the partition. */
  async function append(producer: Producer, topic: string, label: string): Promise<void> {
    for (let index = 0; index < perPartition; index++) {
      for (let partition = 0; partition < partitions; partition++) {
        const value = `${label} ${index} ${'x'.repeat(200)}`;
        producer.append(topic, partition, null, value, systemClock.now(), noHeaders);
      }
      if (index % 5 === 0) await delay(systemClock, any(10));
    }
  }

  async function transaction(producer: Producer, label: string): Promise<Fate> {
    try {
      await append(producer, 'transactional', label);
      await producer.commit(undefined);
      return 'committed';
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      await producer.abort().catch(() => {}); // what stays open is ended by the next producer
      return error.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'aborted';
    }
  }

  /** By partition: which places of which label are in the log, in its order. */
  async function found(topic: string): Promise<Map<string, number[]>[]> {
    const seen = Array.from({ length: partitions }, () => new Map<string, number[]>());
    for await (const { partition, value } of eachCommitted(cluster.brokers, topic)) {
      const [label, index] = value!.split(' ');
      const places = seen[partition]!;
      places.set(label!, [...(places.get(label!) ?? []), Number(index)]);
    }
    return seen;
  }

  const whole = Array.from({ length: perPartition }, (_, index) => index);

  it(
    'writes each record once and in order, and transactions wholly or not at all',
    async () => {
      const fates = new Map<string, Fate>();
      const plain = await transport.producer(options);
      const opened = () => transport.producer({ ...options, transactionalId: 'writing' });
      let transactional = await opened();
      for (let round = 0; round < rounds; round++) {
        const writing = Promise.all([
          append(plain, 'plain', `${round}`).then(() => plain.flush()),
          transaction(transactional, `${round}`).then((fate) => fates.set(`${round}`, fate)),
          disturb(any(2) === 0 ? 'plain' : 'transactional'),
        ]);
        await writing;
        if (fates.get(`${round}`) !== 'committed') transactional = await opened();
      }
      await transactional.close();
      await plain.close();

      const labels = Array.from({ length: rounds }, (_, round) => `${round}`);
      for (const places of await found('plain')) {
        expect([...places.keys()]).toEqual(labels);
        for (const label of labels) expect([label, places.get(label)]).toEqual([label, whole]);
      }
      const committed = await found('transactional');
      for (const [label, fate] of fates) {
        const expected =
          fate === 'unknown'
            ? [committed[0]!.has(label) ? whole : undefined]
            : [fate === 'committed' ? whole : undefined];
        for (const places of committed)
          expect([label, fate, places.get(label)]).toEqual([label, fate, ...expected]);
      }
      const ends = [...fates.values()];
      console.log(
        `${ends.filter((fate) => fate === 'committed').length} of ${rounds} transactions committed`,
      );
      expect(ends).toContain('committed');
    },
    120_000 + rounds * 20_000,
  );
});
