import type { PartitionAnswer } from './byTopic.ts';
import type { Decoder } from './decoder.ts';
import type { Request } from './request.ts';

export interface ProducePartition {
  readonly partition: number;
  /** One sealed batch; it must stay as it is until the answer is there. */
  readonly records: Buffer;
}

export interface ProducedPartition extends PartitionAnswer {
  /** What the broker has to say about the error. */
  readonly message: string | null;
  readonly baseOffset: number;
  /** The broker's time, where the topic wants that; else -1. */
  readonly appendTime: number;
}

/** Appends batches, acknowledged by all in-sync replicas, to partitions of one leader. */
export function produce(
  transactionalId: string | null,
  timeoutMs: number,
  topics: readonly (readonly [topic: string, partitions: readonly ProducePartition[]])[],
): Request<ProducedPartition[]> {
  return {
    apiKey: 0,
    version: 9,
    flexible: true,
    body: (encoder) => {
      const allInSync = -1;
      encoder.compactNullableString(transactionalId).int16(allInSync).int32(timeoutMs);
      encoder.compactArray(topics, ([topic, partitions]) => {
        encoder.compactString(topic).compactArray(partitions, ({ partition, records }) => {
          encoder.int32(partition).compactBytes(records).noTags();
        });
        encoder.noTags();
      });
      encoder.noTags();
    },
    parse: (decoder) =>
      decoder
        .compactArray(() => {
          const topic = decoder.compactString();
          const partitions = decoder.compactArray(() => parsePartition(decoder, topic));
          decoder.tags();
          return partitions;
        })
        .flat(),
  };
}

function parsePartition(decoder: Decoder, topic: string): ProducedPartition {
  const partition = decoder.int32();
  const errorCode = decoder.int16();
  const baseOffset = decoder.int64();
  const appendTime = decoder.int64();
  decoder.int64(); // log start offset
  const recordErrors = decoder.compactArray(parseRecordError);
  const general = decoder.compactNullableString();
  const message = recordErrors.find((one) => one !== null) ?? general;
  decoder.tags();
  return { topic, partition, errorCode, message, baseOffset, appendTime };
}

function parseRecordError(decoder: Decoder): string | null {
  decoder.int32(); // which record of the batch
  const message = decoder.compactNullableString();
  decoder.tags();
  return message;
}
