import type { Clock } from '../../clock.ts';
import type { Transport } from '../transport.ts';
import { admin } from './admin.ts';
import { committed } from './committed.ts';
import { type Connection, openConnection } from './connection.ts';
import { createReader } from './fetcher.ts';
import { evictMember } from './group/evictMember.ts';
import { membership } from './group/membership.ts';
import type { KafkaConfig } from './kafkaConfig.ts';
import { createProducer } from './producer.ts';

/** Apache Kafka as the log, over the network. One connection for everything; nothing is opened before connect(). */
export function kafkaTransport(config: KafkaConfig, clock: Clock): Transport {
  const connection = openConnection(config, clock);
  let members = 0;
  return {
    kind: 'kafka',
    connect: () => connection.open(),
    admin: admin(connection, clock),
    reader: (options) => createReader(connection, options, clock),
    producer: (options) => createProducer(connection, options, clock),
    member: (options) => membership(connection, clock, options, `member-${members++}`),
    committed: (group, partitions) => committed(connection, clock, group, partitions),
    evict: (group, member) => evictMember(connection, clock, group, member, connection.requestTimeoutMs),
    crash: () => connection.crash(),
    close: () => closeAll(connection),
  };
}

/** Members first: what they do when they are revoked needs the producers. The first thing that goes wrong is told at the end. */
async function closeAll(connection: Connection): Promise<void> {
  const open = [...connection.inUse];
  const members = open.filter(({ kind }) => kind === 'member');
  const others = open.filter(({ kind }) => kind !== 'member');
  const outcomes = await Promise.allSettled(members.map((member) => member.close()));
  outcomes.push(...(await Promise.allSettled(others.map((other) => other.close()))));
  await connection.close();
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
