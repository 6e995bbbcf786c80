import type { Isolation, NewTopic, TopicAdmin, TopicDescription, TopicPartition } from '../transport.ts';
import type { Broker } from './broker.ts';
import type { Connection } from './connection.ts';

export function embeddedAdmin(broker: Broker, connection: Connection): TopicAdmin {
  const call = <T>(effect: () => T): Promise<T> => connection.insist({ api: 'admin' }, effect);

  function describe(name: string): TopicDescription | undefined {
    const topic = broker.topics.get(name);
    if (topic === undefined) connection.known.delete(name);
    else connection.known.set(name, topic.partitions.length);
    return topic && { topic: name, partitions: topic.partitions.length, config: topic.config };
  }

  function create(topic: NewTopic): void {
    broker.createTopic(topic);
    describe(topic.topic);
  }

  function deleteTopic(name: string): void {
    broker.deleteTopic(name);
    connection.known.delete(name);
  }

  function offsetAt(of: TopicPartition, timestamp: number): number {
    const partition = broker.topics.partition(of);
    return partition.offsetAt(timestamp, (batch) => broker.recordsOf(partition, batch));
  }

  return {
    describe: (topics) => call(() => topics.map(describe)),
    create: (topics) => call(() => topics.forEach(create)),
    delete: (topics) => call(() => topics.forEach(deleteTopic)),
    startOffsets: (partitions) => call(() => partitions.map((one) => broker.topics.partition(one).start)),
    endOffsets: (partitions, isolation: Isolation) =>
      call(() => partitions.map((one) => broker.topics.partition(one).limit(isolation))),
    offsetsAt: (partitions, timestamp) => call(() => partitions.map((one) => offsetAt(one, timestamp))),
    deleteRecords: (partitions) =>
      call(() => {
        for (const { before, ...of } of partitions) broker.deleteRecords(of, before);
      }),
  };
}
