import type { OffsetsToCommit } from '../../transport.ts';
import { byTopic, type PartitionAnswer, readByTopic } from './byTopic.ts';
import type { Request } from './request.ts';

/** Stores positions for a group, if the member still belongs to its generation. */
export function offsetCommit({
  group,
  generation,
  memberId,
  instanceId,
  offsets,
}: OffsetsToCommit): Request<readonly PartitionAnswer[]> {
  return {
    apiKey: 8,
    version: 7,
    body: (encoder) => {
      encoder
        .string(group)
        .int32(generation)
        .string(memberId)
        .nullableString(instanceId ?? null)
        .array(byTopic(offsets), ([topic, partitions]) =>
          encoder
            .string(topic)
            .array(partitions, ({ partition, offset, metadata }) =>
              encoder.int32(partition).int64(offset).int32(noLeaderEpoch).string(metadata),
            ),
        );
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return readByTopic(decoder, (topic) => ({
        topic,
        partition: decoder.int32(),
        errorCode: decoder.int16(),
      }));
    },
  };
}

const noLeaderEpoch = -1;
