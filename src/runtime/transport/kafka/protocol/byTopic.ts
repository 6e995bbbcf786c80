import type { TopicPartition } from '../../transport.ts';
import type { Decoder } from './decoder.ts';

/** Most requests name each topic once, with its partitions below it. */
export function byTopic<P extends TopicPartition>(
  partitions: readonly P[],
): [topic: string, partitions: P[]][] {
  const topics = new Map<string, P[]>();
  for (const partition of partitions) {
    const known = topics.get(partition.topic);
    if (known === undefined) topics.set(partition.topic, [partition]);
    else known.push(partition);
  }
  return [...topics];
}

/** Reads an array of topics, each with an array of partitions, as one list. */
export function readByTopic<A>(decoder: Decoder, read: (topic: string, decoder: Decoder) => A): A[] {
  return decoder
    .array((item) => {
      const topic = item.string();
      return item.array(() => read(topic, item));
    })
    .flat();
}

/** An answer about one partition. */
export interface PartitionAnswer extends TopicPartition {
  readonly errorCode: number;
}
