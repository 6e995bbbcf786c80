import type { TopicMetadata } from './connection.ts';
import type { PartitionMetadata } from './protocol/metadata.ts';

/** A broker that was cut off for a while tells of leaders that are no more: what has a higher epoch stays. */
export function newest(
  known: TopicMetadata,
  answered: readonly PartitionMetadata[],
): readonly PartitionMetadata[] {
  return answered.map((one, index) => {
    const before = known.partitions[index];
    return before !== undefined && before.leaderEpoch > one.leaderEpoch && one.leader >= 0 ? before : one;
  });
}
