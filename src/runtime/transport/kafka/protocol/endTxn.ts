import type { ProducerIdentity } from './initProducerId.ts';
import type { Request } from './request.ts';

/** Commits or aborts. Answers with an error code. Not to be repeated unless it was answered. */
export function endTxn(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  commit: boolean,
): Request<number> {
  return {
    apiKey: 26,
    version: 3,
    flexible: true,
    body: (encoder) => {
      encoder.compactString(transactionalId).int64(producerId).int16(producerEpoch);
      encoder.boolean(commit).noTags();
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return decoder.int16();
    },
  };
}
