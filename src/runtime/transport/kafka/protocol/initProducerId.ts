import type { Request } from './request.ts';

/** Who a producer is to the brokers. The epoch grows with every new owner of a transactional id. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

const nobody: ProducerIdentity = { producerId: -1, producerEpoch: -1 };

/**
 * Makes a new producer; with a transactional id, fences those before it and ends what they left open. With the identity of
 * the one before: only while that is still the newest, else it is refused as fenced.
 */
export function initProducerId(
  transactionalId: string | null,
  transactionTimeoutMs: number,
  { producerId, producerEpoch }: ProducerIdentity = nobody,
): Request<ProducerIdentity & { readonly errorCode: number }> {
  return {
    apiKey: 22,
    version: 4,
    flexible: true,
    body: (encoder) => {
      encoder.compactNullableString(transactionalId).int32(transactionTimeoutMs);
      encoder.int64(producerId).int16(producerEpoch).noTags();
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return { errorCode: decoder.int16(), producerId: decoder.int64(), producerEpoch: decoder.int16() };
    },
  };
}
