import type { TopicPartition } from '../../transport.ts';
import { byTopic, type PartitionAnswer } from './byTopic.ts';
import type { Request } from './request.ts';

export interface OffsetFetchAnswer {
  readonly errorCode: number;
  readonly partitions: readonly CommittedPartition[];
}

export interface CommittedPartition extends PartitionAnswer {
  /** -1 where nothing is committed. */
  readonly offset: number;
  readonly metadata: string;
}

/** Committed positions. With requireStable, UNSTABLE_OFFSET_COMMIT while a transaction over them is undecided. */
export function offsetFetch(
  group: string,
  partitions: readonly TopicPartition[],
): Request<OffsetFetchAnswer> {
  const requireStable = true;
  return {
    apiKey: 9,
    version: 7,
    flexible: true,
    body: (encoder) => {
      encoder
        .compactString(group)
        .compactArray(byTopic(partitions), ([topic, wanted]) =>
          encoder
            .compactString(topic)
            .compactArray(wanted, ({ partition }) => encoder.int32(partition))
            .noTags(),
        )
        .boolean(requireStable)
        .noTags();
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      const topics = decoder.compactArray(() => {
        const topic = decoder.compactString();
        const found = decoder.compactArray((): CommittedPartition => {
          const partition = decoder.int32();
          const offset = decoder.int64();
          decoder.int32(); // leader epoch
          const metadata = decoder.compactNullableString() ?? '';
          const errorCode = decoder.int16();
          decoder.tags();
          return { topic, partition, offset, metadata, errorCode };
        });
        decoder.tags();
        return found;
      });
      return { partitions: topics.flat(), errorCode: decoder.int16() };
    },
  };
}
