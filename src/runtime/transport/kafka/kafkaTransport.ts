import type { Clock } from '../../clock.ts';
import type { Member, Transport } from '../transport.ts';
import { admin } from './admin.ts';
import { committed } from './committed.ts';
import { openConnection } from './connection.ts';
import { createReader } from './fetcher.ts';
import { membership } from './group/membership.ts';
import type { KafkaConfig } from './kafkaConfig.ts';
import { createProducer } from './producer.ts';

/** Apache Kafka as the log, over the network. One connection for everything; nothing is opened before connect(). */
export function kafkaTransport(config: KafkaConfig, clock: Clock): Transport {
  const connection = openConnection(config, clock);
  const members: Member[] = [];
  return {
    kind: 'kafka',
    connect: () => connection.open(),
    admin: admin(connection, clock),
    reader: (options) => createReader(connection, options, clock),
    producer: (options) => createProducer(connection, options, clock),
    member(options) {
      const member = membership(connection, clock, options, `member ${members.length}`);
      members.push(member);
      return member;
    },
    committed: (group, partitions) => committed(connection, clock, group, partitions),
    crash: () => connection.crash(),
    async close() {
      await Promise.all(members.map((member) => member.leave()));
      await connection.close();
    },
  };
}
