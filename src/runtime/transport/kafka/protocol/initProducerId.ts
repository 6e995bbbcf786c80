import type { Request } from './request.ts';

/** Who a producer is to the brokers. The epoch grows with every new owner of a transactional id. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Makes a new producer; with a transactional id, fences those before it and ends what they left open. */
export function initProducerId(
  transactionalId: string | null,
  transactionTimeoutMs: number,
): Request<ProducerIdentity & { readonly errorCode: number }> {
  return {
    apiKey: 22,
    version: 4,
    flexible: true,
    body: (encoder) => {
      encoder.compactNullableString(transactionalId).int32(transactionTimeoutMs);
      encoder.int64(-1).int16(-1).noTags(); // no identity from before
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return { errorCode: decoder.int16(), producerId: decoder.int64(), producerEpoch: decoder.int16() };
    },
  };
}
