import type { PartitionAnswer } from './byTopic.ts';
import type { Decoder } from './decoder.ts';

/** The answer of AddPartitionsToTxn and of TxnOffsetCommit: an error code per partition. */
export function parsePartitionResults(decoder: Decoder): PartitionAnswer[] {
  decoder.int32(); // throttle time
  const topics = decoder.compactArray(() => {
    const topic = decoder.compactString();
    const results = decoder.compactArray(() => {
      const result = { topic, partition: decoder.int32(), errorCode: decoder.int16() };
      decoder.tags();
      return result;
    });
    decoder.tags();
    return results;
  });
  return topics.flat();
}
