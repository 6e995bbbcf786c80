import { readFileSync } from 'node:fs';
import type { Compression } from '../../../../../src/runtime/transport/compression.ts';

/** In base64. */
export type Bytes = string | null;
export type LongBytes = Bytes | { readonly bytes: number; readonly sha256: string };

/** Batches as Kafka's own client wrote them, with what its own reader then read: by test/kafka/MakeRecordBatches.java. */
export interface Vector {
  readonly name: string;
  readonly bytes: string;
  readonly batches: readonly {
    readonly baseOffset: number;
    readonly nextOffset: number;
    readonly leaderEpoch: number;
    readonly maxTimestamp: number;
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly baseSequence: number;
    readonly count: number;
    readonly codec: Compression;
    readonly transactional: boolean;
    readonly control: boolean;
    readonly logAppend: boolean;
    readonly records: readonly {
      readonly offset: number;
      readonly timestamp: number;
      readonly key: Bytes;
      readonly value: LongBytes;
      readonly headers: readonly (readonly [string, Bytes])[];
    }[];
  }[];
}

export const recordBatchesFile: URL = new URL('../../../../vectors/recordBatches.json', import.meta.url);

export const recordBatches: readonly Vector[] = JSON.parse(readFileSync(recordBatchesFile, 'utf8'));
