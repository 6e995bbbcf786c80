import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type KafkaCluster, startKafka } from '../../scripts/kafka/startKafka.ts';
import { noHeaders } from '../../src/dsl/message.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Connection } from '../../src/runtime/transport/kafka/connection.ts';
import { createReader } from '../../src/runtime/transport/kafka/fetcher.ts';
import { createProducer } from '../../src/runtime/transport/kafka/producer.ts';
import type { PartitionMetadata } from '../../src/runtime/transport/kafka/protocol/metadata.ts';
import { eventually } from '../kit/eventually.ts';
import { javaMissing } from './brokers.ts';
import { connected, newTopic, pollError, pollValues, takeValues, watched, write } from './fetchKit.ts';

const options = { isolation: 'committed', maxBytes: 8_000_000 } as const;
const limit = 60_000;
/** ms for one test: brokers that are killed and started again take their time. */
const timeout = 300_000;

/** Node ids begin with 1, indexes with 0. */
const rackOf = (node: number): string => `rack-${node}`;

describe.skipIf(javaMissing)('a reader on three brokers in three racks', { timeout }, () => {
  let cluster: KafkaCluster;
  let cleanup = new AsyncDisposableStack();

  beforeAll(async () => {
    const selector = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';
    cluster = await startKafka({
      nodes: 3,
      config: (node) => ({ 'broker.rack': rackOf(node + 1), 'replica.selector.class': selector }),
    });
  }, timeout);
  afterAll(() => cluster.stop());
  afterEach(async () => {
    await cleanup.disposeAsync();
    cleanup = new AsyncDisposableStack();
  });

  async function partitionsOf(connection: Connection, topic: string): Promise<readonly PartitionMetadata[]> {
    return (await connection.topics([topic], { fresh: true })).get(topic)!.partitions;
  }

  it('reads from the replica in its rack, and from the leader once that is gone', async () => {
    const plain = await connected(cleanup, cluster.brokers);
    const topic = await newTopic(plain, { replicationFactor: 3 });
    const at = { topic, partition: 0 };
    const [first] = await partitionsOf(plain, topic);
    const near = first!.replicas.find((node) => node !== first!.leader)!;
    const { connection, fetches } = watched(await connected(cleanup, cluster.brokers, rackOf(near)));
    const reader = createReader(connection, options, systemClock);
    cleanup.defer(() => reader.close());
    reader.assign([{ ...at, offset: 0 }]);
    await write(plain, at, ['first']);
    expect(await takeValues(reader, 1)).toEqual(['first']);
    await eventually(systemClock, async () => {
      await reader.poll(100);
      return fetches.at(-1)!.node === near;
    });
    const before = fetches.length;
    const values = Array.from({ length: 1000 }, (_, index) => `${index}`.padEnd(1000, 'x'));
    await write(plain, at, values);
    expect(await takeValues(reader, 1000)).toEqual(values);
    expect(new Set(fetches.slice(before).map(({ node }) => node))).toEqual(new Set([near]));

    await cluster.kill(near - 1, 'SIGKILL');
    await write(plain, at, ['while it is gone']);
    const started = systemClock.monotonic();
    expect(await takeValues(reader, 1)).toEqual(['while it is gone']);
    expect(systemClock.monotonic() - started).toBeLessThan(5000);
    expect(fetches.at(-1)!.node).toBe(first!.leader);
    await cluster.restart(near - 1);
    await eventually(
      systemClock,
      async () => (await partitionsOf(plain, topic))[0]!.inSync.includes(near),
      limit,
    );
    await eventually(
      systemClock,
      async () => {
        await reader.poll(100);
        return fetches.at(-1)!.node === near;
      },
      limit,
    );
    await write(plain, at, ['back']);
    expect(await takeValues(reader, 1)).toEqual(['back']);
  });

  it('reads on from the others while one leader is stopped, and from its successor', async () => {
    const connection = await connected(cleanup, cluster.brokers);
    const topic = await newTopic(connection, { partitions: 3, replicationFactor: 3 });
    const leaders = (await partitionsOf(connection, topic)).map(({ leader }) => leader);
    expect(new Set(leaders).size).toBe(3);
    const reader = createReader(connection, options, systemClock);
    cleanup.defer(() => reader.close());
    reader.assign(leaders.map((_, partition) => ({ topic, partition, offset: 0 })));
    for (const partition of leaders.keys()) await write(connection, { topic, partition }, [`${partition}`]);
    expect((await takeValues(reader, 3)).sort()).toEqual(['0', '1', '2']);
    const producer = await createProducer(connection, {}, systemClock);
    cleanup.defer(() => producer.close());
    await cluster.kill(leaders[0]! - 1, 'SIGSTOP');
    try {
      // A minimum of two in-sync replicas: the other leaders wait for the stopped one until it is taken out.
      producer.append(topic, 1, null, 'other', systemClock.now(), noHeaders);
      producer.append(topic, 2, null, 'others', systemClock.now(), noHeaders);
      await producer.flush();
      const started = systemClock.monotonic();
      expect((await takeValues(reader, 2)).sort()).toEqual(['other', 'others']);
      expect(systemClock.monotonic() - started).toBeLessThan(2000);
      const successor = async () => (await partitionsOf(connection, topic))[0]!.leader !== leaders[0];
      await eventually(systemClock, successor, limit);
      const moved = systemClock.monotonic();
      await write(connection, { topic, partition: 0 }, ['moved']);
      expect(await takeValues(reader, 1)).toEqual(['moved']);
      // A request to the stopped leader alone would hold it up for 30 s.
      expect(systemClock.monotonic() - moved).toBeLessThan(10_000);
    } finally {
      await cluster.kill(leaders[0]! - 1, 'SIGCONT');
    }
    await write(connection, { topic, partition: 0 }, ['after']);
    expect(await takeValues(reader, 1)).toEqual(['after']);
  });

  it('says that the log was cut back after an unclean election, also where the offsets are there again', async () => {
    const connection = await connected(cleanup, cluster.brokers);
    const config = { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' };
    const topic = await newTopic(connection, { replicationFactor: 2, config });
    const at = { topic, partition: 0 };
    const reader = createReader(connection, options, systemClock);
    cleanup.defer(() => reader.close());
    reader.assign([{ ...at, offset: 0 }]);
    const inSync = async () => (await partitionsOf(connection, topic))[0]!.inSync.length;
    // A node that was stopped or killed before may still be on its way back.
    await eventually(systemClock, async () => (await inSync()) === 2, limit);
    const [partition] = await partitionsOf(connection, topic);
    const leader = partition!.leader;
    const follower = partition!.replicas.find((node) => node !== leader)!;
    await write(connection, at, ['a', 'b', 'c', 'd', 'e']);
    await cluster.kill(follower - 1, 'SIGKILL');
    await eventually(systemClock, async () => (await inSync()) === 1, limit);
    await write(connection, at, ['lost 1', 'lost 2', 'lost 3']);
    expect(await takeValues(reader, 8)).toHaveLength(8);
    await cluster.kill(leader - 1, 'SIGKILL');
    await cluster.restart(follower - 1);
    const led = async () => (await partitionsOf(connection, topic))[0]!.leader === follower;
    await eventually(systemClock, led, limit);
    await write(
      connection,
      at,
      Array.from({ length: 20 }, (_, index) => `other ${index}`),
    );
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await pollError(reader)).toMatchObject({
        code: 'LOG_TRUNCATED',
        details: { ...at, offset: 8, found: expect.stringContaining('from offset 5') },
      });
    }
    expect(reader.position(at)).toBe(8);
    reader.assign([{ ...at, offset: 5 }]);
    expect((await takeValues(reader, 20))[0]).toBe('other 0');
    expect(await pollValues(reader)).toEqual([]);
    await cluster.restart(leader - 1);
  });
});
