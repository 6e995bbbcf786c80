import type { OffsetsToCommit } from '../../transport.ts';
import { byTopic, type PartitionAnswer } from './byTopic.ts';
import type { ProducerIdentity } from './initProducerId.ts';
import { parsePartitionResults } from './partitionResults.ts';
import type { Request } from './request.ts';

/** Positions that count when the transaction is committed. Refused for a member or a generation the group is past. */
export function txnOffsetCommit(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  { group, generation, memberId, instanceId, offsets }: OffsetsToCommit,
): Request<PartitionAnswer[]> {
  return {
    apiKey: 28,
    version: 3,
    flexible: true,
    body: (encoder) => {
      encoder.compactString(transactionalId).compactString(group);
      encoder.int64(producerId).int16(producerEpoch).int32(generation);
      encoder.compactString(memberId).compactNullableString(instanceId ?? null);
      encoder.compactArray(byTopic(offsets), ([topic, partitions]) => {
        encoder.compactString(topic).compactArray(partitions, ({ partition, offset, metadata }) => {
          const leaderEpoch = -1;
          encoder.int32(partition).int64(offset).int32(leaderEpoch).compactString(metadata).noTags();
        });
        encoder.noTags();
      });
      encoder.noTags();
    },
    parse: parsePartitionResults,
  };
}
