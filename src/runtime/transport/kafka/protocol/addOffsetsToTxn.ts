import type { ProducerIdentity } from './initProducerId.ts';
import type { Request } from './request.ts';

/** Tells the coordinator that the transaction is going to commit positions of a group. Answers with an error code. */
export function addOffsetsToTxn(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  group: string,
): Request<number> {
  return {
    apiKey: 25,
    version: 3,
    flexible: true,
    body: (encoder) => {
      encoder.compactString(transactionalId).int64(producerId).int16(producerEpoch);
      encoder.compactString(group).noTags();
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return decoder.int16();
    },
  };
}
