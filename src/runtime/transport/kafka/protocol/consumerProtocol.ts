import type { Assignment, TopicPartition } from '../../transport.ts';
import { byTopic, readByTopic } from './byTopic.ts';
import { Decoder } from './decoder.ts';
import { Encoder } from './encoder.ts';

/**
 * What the members of a consumer group tell each other, in the layout that Kafka's own consumers use, so that its tools
 * can show who reads what. Newer versions only add fields at the end, so any version can be read as this one.
 */
export interface Subscription {
  readonly topics: readonly string[];
  /** For the leader's eyes. */
  readonly userData: Buffer;
  /** Of the member before it joins again, -1 at first: a join that differs from the last one is what makes a group rebalance. */
  readonly generation: number;
}

const version = 2;

export function encodeSubscription({ topics, userData, generation }: Subscription): Buffer {
  return new Encoder()
    .int16(version)
    .array([...topics].sort(), (topic, encoder) => encoder.string(topic))
    .bytes(userData)
    .array([], () => {}) // owned partitions: eager members own none while they join
    .int32(generation)
    .toBuffer();
}

export function decodeSubscription(buffer: Buffer): Subscription {
  const decoder = new Decoder(buffer);
  const found = decoder.int16();
  const topics = decoder.array(() => decoder.string());
  const userData = decoder.nullableBytes() ?? Buffer.alloc(0);
  if (found >= 1) readPartitions(decoder);
  return { topics, userData, generation: found >= 2 ? decoder.int32() : -1 };
}

export function encodeAssignment({ partitions, metadata }: Assignment): Buffer {
  return new Encoder()
    .int16(version)
    .array(byTopic(partitions), ([topic, ofTopic], encoder) =>
      encoder.string(topic).array(ofTopic, ({ partition }) => encoder.int32(partition)),
    )
    .bytes(metadata)
    .toBuffer();
}

/** A member that the leader gave nothing gets an empty buffer: no partitions. */
export function decodeAssignment(buffer: Buffer): Assignment {
  if (buffer.length === 0) return { partitions: [], metadata: Buffer.alloc(0) };
  const decoder = new Decoder(buffer);
  decoder.int16(); // version
  const partitions = readPartitions(decoder);
  return { partitions, metadata: decoder.nullableBytes() ?? Buffer.alloc(0) };
}

function readPartitions(decoder: Decoder): TopicPartition[] {
  return readByTopic(decoder, (topic) => ({ topic, partition: decoder.int32() }));
}
