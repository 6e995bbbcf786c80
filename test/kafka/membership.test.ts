import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { javaLines } from '../../scripts/kafka/javaLines.ts';
import { startKafka } from '../../scripts/kafka/startKafka.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Member, Transport } from '../../src/runtime/transport/transport.ts';
import { eventually } from '../kit/eventually.ts';
import { brokers, javaMissing } from './brokers.ts';

const transports: Transport[] = [];
afterEach(async () => {
  for (const transport of transports.splice(0)) await transport.close();
});

/** What the rest of this file looks at in a member. */
interface Seen {
  readonly transport: Transport;
  readonly member: Member;
  /** Partitions it has at the moment. */
  held: number[] | undefined;
  lost: number;
}

/** A member that shares the four partitions of a topic evenly with the others. */
async function member(to: readonly string[], group: string, topic: string, clientId: string): Promise<Seen> {
  const transport = kafkaTransport({ brokers: to, clientId }, systemClock);
  transports.push(transport);
  await transport.connect();
  const joined = transport.member({
    group,
    topics: [topic],
    sessionTimeoutMs: 6000,
    rebalanceTimeoutMs: 10_000,
    heartbeatIntervalMs: 200,
    metadata: () => Buffer.from(clientId),
    assign: async (members) => {
      const sorted = [...members].sort((a, b) => Buffer.compare(a.metadata, b.metadata));
      const share = (index: number) =>
        [0, 1, 2, 3]
          .filter((partition) => partition % sorted.length === index)
          .map((partition) => ({ topic, partition }));
      const empty = Buffer.alloc(0);
      return new Map(
        sorted.map(({ memberId }, index) => [memberId, { partitions: share(index), metadata: empty }]),
      );
    },
    assigned: async ({ partitions }) => {
      seen.held = partitions.map(({ partition }) => partition);
    },
    revoked: async () => {
      seen.held = undefined;
    },
    lost: () => {
      seen.held = undefined;
      seen.lost++;
    },
    failed: (reason) => {
      throw reason;
    },
  });
  const seen: Seen = { transport, member: joined, held: undefined, lost: 0 };
  return seen;
}

describe.skipIf(javaMissing)('membership', () => {
  it("shows its members and their partitions to Kafka's own tools", async () => {
    const [group, topic] = [`group-${process.pid}-shown`, `topic-${process.pid}-shown`];
    const a = await member(brokers, group, topic, 'worker-a');
    await a.transport.admin.create([{ topic, partitions: 4 }]);
    const b = await member(brokers, group, topic, 'worker-b');
    await Promise.all([a.member.join(), b.member.join()]);
    await eventually(systemClock, () => a.held?.length === 2 && b.held?.length === 2);
    const lines: string[] = [];
    const tool = join(import.meta.dirname, 'DescribeGroup.java');
    for await (const line of javaLines(tool, [brokers.join(','), group])) lines.push(line);
    expect(lines).toEqual(['millrace', `worker-a ${topic}-0,${topic}-2`, `worker-b ${topic}-1,${topic}-3`]);
  });

  it('goes on after its broker was killed and has come back', async () => {
    const cluster = await startKafka({ nodes: 1 });
    try {
      const a = await member(cluster.brokers, 'g', 't', 'worker-a');
      await a.transport.admin.create([{ topic: 't', partitions: 4 }]);
      const b = await member(cluster.brokers, 'g', 't', 'worker-b');
      await Promise.all([a.member.join(), b.member.join()]);
      await eventually(systemClock, () => a.held?.length === 2 && b.held?.length === 2);
      await a.member.commitOffsets([{ topic: 't', partition: 0, offset: 7, metadata: '' }]);
      await cluster.kill(0, 'SIGKILL');
      const described = a.transport.admin.describe(['t']);
      const committed = b.transport.committed('g', [{ topic: 't', partition: 0 }]);
      await cluster.restart(0);
      expect((await described)[0]?.partitions).toBe(4);
      expect(await committed).toEqual([{ offset: 7, metadata: '' }]);
      const halves = () => a.held?.length === 2 && b.held?.length === 2;
      await eventually(systemClock, halves, 30_000);
      await eventually(systemClock, async () => {
        if (!halves()) return false;
        await a.member.commitOffsets([{ topic: 't', partition: 0, offset: 8, metadata: '' }]);
        return true;
      });
      expect(await b.transport.committed('g', [{ topic: 't', partition: 0 }])).toMatchObject([{ offset: 8 }]);
      for (const transport of transports.splice(0)) await transport.close();
    } finally {
      await cluster.stop();
    }
  });
});
