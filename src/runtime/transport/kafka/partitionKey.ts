import type { TopicPartition } from '../transport.ts';

/** A partition as the key of a Map. Names of topics have no slash. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
