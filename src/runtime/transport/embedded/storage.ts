import type { TopicPartition } from '../transport.ts';
import type { LogBatch } from './logBatch.ts';
import type { Records } from './records.ts';

/** Where a broker keeps what must outlive it. Every change is written here first, then made in memory. */
export interface Storage {
  load(): Stored;
  /** All of them or, when this throws, none. */
  write(changes: readonly Change[]): void;
  /** Of a batch that has lost its own to make room. */
  records(partition: TopicPartition, batch: LogBatch): Records;
  close(): void;
}

export interface Stored {
  readonly topics: readonly StoredTopic[];
  readonly offsets: readonly StoredOffset[];
  readonly producers: readonly StoredProducer[];
  readonly nextProducerId: number;
}

export interface StoredTopic {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly partitions: readonly StoredPartition[];
}

export interface StoredPartition {
  readonly start: number;
  readonly end: number;
  /** Below this every transaction has ended, though compaction may have removed the markers. */
  readonly decided: number;
  readonly batches: LogBatch[];
}

export interface StoredOffset extends TopicPartition {
  readonly group: string;
  readonly offset: number;
  readonly metadata: string;
}

export interface StoredProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly epoch: number;
}

export type Change =
  | {
      readonly kind: 'topic';
      readonly name: string;
      readonly config: Readonly<Record<string, string>>;
      readonly partitions: number;
    }
  /** With its records, and the offsets that groups have committed for it. */
  | { readonly kind: 'topicDeleted'; readonly name: string }
  | ({ readonly kind: 'batch'; readonly batch: LogBatch } & TopicPartition)
  | ({ readonly kind: 'batchDeleted'; readonly baseOffset: number } & TopicPartition)
  | ({ readonly kind: 'batchAborted'; readonly baseOffset: number } & TopicPartition)
  | ({
      readonly kind: 'bounds';
      readonly start: number;
      readonly end: number;
      readonly decided: number;
    } & TopicPartition)
  | ({ readonly kind: 'offset' } & StoredOffset)
  | ({ readonly kind: 'producer' } & StoredProducer)
  | { readonly kind: 'nextProducerId'; readonly nextProducerId: number };
