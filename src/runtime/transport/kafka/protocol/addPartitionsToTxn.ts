import type { TopicPartition } from '../../transport.ts';
import { byTopic, type PartitionAnswer } from './byTopic.ts';
import type { ProducerIdentity } from './initProducerId.ts';
import { parsePartitionResults } from './partitionResults.ts';
import type { Request } from './request.ts';

/** Tells the coordinator which partitions the transaction is going to write to. */
export function addPartitionsToTxn(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  partitions: readonly TopicPartition[],
): Request<PartitionAnswer[]> {
  return {
    apiKey: 24,
    version: 3,
    flexible: true,
    body: (encoder) => {
      encoder.compactString(transactionalId).int64(producerId).int16(producerEpoch);
      encoder.compactArray(byTopic(partitions), ([topic, own]) => {
        encoder.compactString(topic).compactArray(own, ({ partition }) => encoder.int32(partition));
        encoder.noTags();
      });
      encoder.noTags();
    },
    parse: parsePartitionResults,
  };
}
