import type { Encoded } from '../../dsl/codecs/codec.ts';
import type { Headers } from '../../dsl/message.ts';
import type { Batch } from '../transport/transport.ts';

export interface EncodedRecord {
  readonly key: Encoded | null;
  readonly value: Encoded | null;
  readonly timestamp: number;
  readonly headers: Headers;
}

/** A batch of one record, as a transport would hand it out. */
export function singleBatch(topic: string, partition: number, offset: number, record: EncodedRecord): Batch {
  let remaining = 1;
  return {
    topic,
    partition,
    offset,
    bytes: 0,
    nextOffset: offset + 1,
    timestamp: record.timestamp,
    producerId: -1,
    get remaining() {
      return Math.max(0, remaining);
    },
    next: () => remaining-- > 0,
    keyText: () => asText(record.key),
    keyBytes: () => asBytes(record.key),
    valueText: () => asText(record.value),
    valueBytes: () => asBytes(record.value),
    headers: () => record.headers,
  };
}

export const asText = (encoded: Encoded | null): string | null =>
  encoded === null || typeof encoded === 'string' ? encoded : encoded.toString('utf8');

export const asBytes = (encoded: Encoded | null): Buffer | null =>
  encoded === null || typeof encoded !== 'string' ? encoded : Buffer.from(encoded);
