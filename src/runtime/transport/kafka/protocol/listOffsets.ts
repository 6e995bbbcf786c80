import type { Isolation, TopicPartition } from '../../transport.ts';
import { byTopic, type PartitionAnswer, readByTopic } from './byTopic.ts';
import type { Request } from './request.ts';

export interface ListedOffset extends PartitionAnswer {
  /** -1 where no record is that young. */
  readonly offset: number;
  readonly leaderEpoch: number;
}

/** In the place of a timestamp: the end, by isolation, and the first offset still there. */
export const endOfPartition = -1;
export const startOfPartition = -2;

/** Sent to the leader of the partitions. */
export function listOffsets(
  partitions: readonly TopicPartition[],
  timestamp: number,
  isolation: Isolation,
): Request<readonly ListedOffset[]> {
  return {
    apiKey: 2,
    version: 5,
    body: (encoder) => {
      encoder
        .int32(-1) // replica id: a client
        .int8(isolation === 'committed' ? 1 : 0)
        .array(byTopic(partitions), ([topic, wanted]) =>
          encoder
            .string(topic)
            .array(wanted, ({ partition }) =>
              encoder.int32(partition).int32(anyLeaderEpoch).int64(timestamp),
            ),
        );
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return readByTopic(decoder, (topic) => {
        const partition = decoder.int32();
        const errorCode = decoder.int16();
        decoder.int64(); // timestamp
        return { topic, partition, errorCode, offset: decoder.int64(), leaderEpoch: decoder.int32() };
      });
    },
  };
}

const anyLeaderEpoch = -1;
