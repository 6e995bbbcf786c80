import type { TopicPartition } from '../../transport.ts';
import { byTopic, type PartitionAnswer, readByTopic } from './byTopic.ts';
import type { Request } from './request.ts';

/** Sent to the leader of the partitions: everything below `before` becomes unreadable. */
export function deleteRecords(
  partitions: readonly (TopicPartition & { readonly before: number })[],
  timeoutMs: number,
): Request<readonly PartitionAnswer[]> {
  return {
    apiKey: 21,
    version: 1,
    body: (encoder) => {
      encoder
        .array(byTopic(partitions), ([topic, wanted]) =>
          encoder
            .string(topic)
            .array(wanted, ({ partition, before }) => encoder.int32(partition).int64(before)),
        )
        .int32(timeoutMs);
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return readByTopic(decoder, (topic) => {
        const partition = decoder.int32();
        decoder.int64(); // first offset still there
        return { topic, partition, errorCode: decoder.int16() };
      });
    },
  };
}
