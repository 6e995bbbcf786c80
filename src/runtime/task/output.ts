import type { Encoded } from '../../dsl/codecs/codec.ts';
import type { AnyCodec, AnyMessage, SinkSpec } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';
import { partitionOf } from '../transport/murmur2.ts';
import type { Producer } from '../transport/transport.ts';
import { type Origin, placeOf } from './origin.ts';

/** What a task needs of a producer. */
export type Output = Pick<Producer, 'append' | 'partitions'>;

export type Send = (
  sink: SinkSpec,
  message: AnyMessage,
  key: AnyCodec,
  value: AnyCodec,
  step: string,
) => boolean;

/** Encodes records and hands them to the producer, which writes them straight into the outgoing batch. false: to no partition. */
export function sender(application: string, output: Output, origin: Origin): Send {
  return (sink, message, keyCodec, valueCodec, step) => {
    const topic = topicOf(application, sink, message);
    const key = message.key === null ? null : encode(keyCodec, message.key, 'key', step, origin);
    const value = message.value === null ? null : encode(valueCodec, message.value, 'value', step, origin);
    const { timestamp, headers } = message;
    const partition = partitionFor(sink, topic, message, keyCodec, output);
    if (typeof partition !== 'object') {
      output.append(topic, partition, key, value, timestamp, headers);
      return true;
    }
    for (const each of partition) output.append(topic, each, key, value, timestamp, headers);
    return partition.size > 0;
  };
}

function topicOf(application: string, sink: SinkSpec, message: AnyMessage): string {
  const topic = typeof sink.topic === 'string' ? sink.topic : sink.topic(message.value, message);
  return sink.internal ? `${application}-${topic}` : topic;
}

function encode(codec: AnyCodec, value: unknown, part: string, step: string, origin: Origin): Encoded {
  try {
    return codec.encode(value);
  } catch (cause) {
    throw new MillraceError('ENCODE_FAILED', `The ${part} cannot be written`, {
      step,
      ...placeOf(origin),
      expected: `something ${codec.name} can write`,
      found: typeof value === 'object' ? (value?.constructor?.name ?? 'object') : typeof value,
      cause,
      next: `Convert it in a map() before this step, or give the step another codec: { ${part}: ... }.`,
    });
  }
}

/** undefined leaves the choice to the producer: murmur2 of the key's bytes. */
function partitionFor(
  sink: SinkSpec,
  topic: string,
  message: AnyMessage,
  codec: AnyCodec,
  output: Output,
): number | ReadonlySet<number> | undefined {
  const byPart = message.key === null ? undefined : codec.partitionBy;
  if (sink.partition === undefined && byPart === undefined) return undefined;
  const partitions = output.partitions(topic);
  if (partitions === undefined) {
    throw new MillraceError('UNKNOWN_TOPIC', 'A record is to be written to a topic that does not exist', {
      topic,
      next: 'Create the topic.',
    });
  }
  const chosen = sink.partition?.(message.value, message, partitions);
  if (chosen === undefined) return byPart && partitionOf(byPart(message.key), partitions);
  if (typeof chosen === 'number') return checkPartition(chosen, partitions, topic);
  return new Set(Array.from(chosen, (one) => checkPartition(one, partitions, topic)));
}

function checkPartition(partition: unknown, partitions: number, topic: string): number {
  if (Number.isInteger(partition) && (partition as number) >= 0 && (partition as number) < partitions)
    return partition as number;
  throw new MillraceError('INVALID_ARGUMENT', 'A partitioner chose a partition that does not exist', {
    topic,
    expected: `a whole number from 0 to ${partitions - 1}`,
    found: String(partition),
    next: 'Mend the partitioner; it is given the number of partitions as its third argument.',
  });
}
