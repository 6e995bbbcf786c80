import { expect } from 'vitest';
import { noHeaders } from '../../../src/dsl/message.ts';
import type { MemberOptions, Transport } from '../../../src/runtime/transport/transport.ts';

let turn = 0;

/** All a worker does with a broker: topics, records both ways, a group, a transaction with positions. The topics begin with 'open-'. */
export async function roundTrip(transport: Transport): Promise<void> {
  const name = `open-${process.pid}-${turn++}`;
  await transport.connect();
  await transport.admin.create([{ topic: name, partitions: 1, config: { 'retention.ms': '-1' } }]);
  const producer = await transport.producer({});
  producer.append(name, 0, 'key', 'plain', 1, noHeaders);
  await producer.flush();
  const member = transport.member(memberOptions(name));
  await member.join();
  await member.commitOffsets([{ topic: name, partition: 0, offset: 0, metadata: '' }]);
  const transaction = await transport.producer({ transactionalId: name });
  transaction.append(name, 0, 'key', 'in a transaction', 2, noHeaders);
  const offsets = [{ topic: name, partition: 0, offset: 1, metadata: 'm' }];
  const { generation, memberId } = member;
  await transaction.commit({ group: name, generation, memberId, offsets });
  expect(await values(transport, name, 2)).toEqual(['plain', 'in a transaction']);
  expect(await transport.committed(name, [{ topic: name, partition: 0 }])).toMatchObject([{ offset: 1 }]);
  await transport.close();
}

export function memberOptions(group: string, topic: string = group): MemberOptions {
  return {
    group,
    topics: [topic],
    sessionTimeoutMs: 6000,
    rebalanceTimeoutMs: 6000,
    heartbeatIntervalMs: 500,
    metadata: () => Buffer.alloc(0),
    assign: async (members) =>
      new Map(members.map(({ memberId }) => [memberId, { partitions: [], metadata: Buffer.alloc(0) }])),
    assigned: async () => {},
    revoked: async () => {},
    lost: () => {},
    failed: () => {},
  };
}

/** The committed values of the only partition, until there are so many. */
export async function values(transport: Transport, topic: string, count: number): Promise<string[]> {
  const found: string[] = [];
  const reader = transport.reader({ isolation: 'committed', maxBytes: 1 << 20 });
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  for (let polls = 0; found.length < count && polls < 100; polls++) {
    for (const batch of await reader.poll(200)) while (batch.next()) found.push(batch.valueText()!);
  }
  await reader.close();
  return found;
}
