import type { Isolation } from '../../transport.ts';
import type { Decoder } from './decoder.ts';
import type { Request } from './request.ts';

export interface FetchOptions {
  readonly isolation: Isolation;
  /** ms the broker may wait for a first byte. */
  readonly maxWaitMs: number;
  /** Of the whole answer; a first batch that is larger comes nevertheless. */
  readonly maxBytes: number;
  readonly topics: readonly (readonly [topic: string, partitions: readonly FetchPartition[]])[];
}

export interface FetchPartition {
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
  /** As the client knows it, so that a stale leader is refused. -1: not known. */
  readonly leaderEpoch: number;
  /** Of the record before `offset`, so that the broker sees when its log goes another way. -1: not known. */
  readonly lastFetchedEpoch: number;
}

export interface FetchAnswer {
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Where the log and what was read before part ways; undefined where they do not. */
  readonly divergesAt: number | undefined;
  /** Batches, the last of which may be cut off; a view of the answer. */
  readonly records: Buffer;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** Records of many partitions from one leader; every request stands for itself (no fetch session). */
export function fetch({ isolation, maxWaitMs, maxBytes, topics }: FetchOptions): Request<FetchAnswer> {
  return {
    apiKey: 1,
    version: 12,
    flexible: true,
    body: (encoder) => {
      const consumer = -1;
      const minBytes = 1;
      encoder.int32(consumer).int32(maxWaitMs).int32(minBytes).int32(maxBytes);
      encoder.int8(isolation === 'committed' ? 1 : 0);
      encoder.int32(0).int32(-1); // session id, session epoch: none
      encoder.compactArray(topics, ([topic, partitions]) => {
        encoder.compactString(topic).compactArray(partitions, (partition) => {
          encoder.int32(partition.partition).int32(partition.leaderEpoch).int64(partition.offset);
          encoder.int32(partition.lastFetchedEpoch).int64(-1).int32(partition.maxBytes).noTags();
        });
        encoder.noTags();
      });
      encoder.compactArray([], () => {}); // forgotten topics
      encoder.compactString('').noTags(); // rack
    },
    parse: parseAnswer,
  };
}

function parseAnswer(decoder: Decoder): FetchAnswer {
  decoder.int32(); // throttle time
  const errorCode = decoder.int16();
  decoder.int32(); // session id
  const topics = decoder.compactArray(() => {
    const topic = decoder.compactString();
    const partitions = decoder.compactArray(() => parsePartition(decoder, topic));
    decoder.tags();
    return partitions;
  });
  return { errorCode, partitions: topics.flat() };
}

function parsePartition(decoder: Decoder, topic: string): FetchedPartition {
  const partition = decoder.int32();
  const errorCode = decoder.int16();
  const highWatermark = decoder.int64();
  const lastStableOffset = decoder.int64();
  const logStartOffset = decoder.int64();
  const aborted = decoder.compactArray(parseAborted);
  decoder.int32(); // preferred read replica: only for clients that name a rack
  const records = decoder.compactNullableBytes() ?? nothing;
  const divergesAt = parseDivergence(decoder);
  return {
    topic,
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    aborted,
    divergesAt,
    records,
  };
}

const nothing = Buffer.alloc(0);

function parseAborted(decoder: Decoder): AbortedTransaction {
  const aborted = { producerId: decoder.int64(), firstOffset: decoder.int64() };
  decoder.tags();
  return aborted;
}

/** Reads the tagged fields of a partition, of which only the first has a meaning here. */
function parseDivergence(decoder: Decoder): number | undefined {
  let divergesAt: number | undefined;
  for (let left = decoder.uvarint(); left > 0; left--) {
    const tag = decoder.uvarint();
    const end = decoder.uvarint() + decoder.offset;
    if (tag === 0) {
      decoder.int32(); // epoch
      divergesAt = decoder.int64();
    }
    decoder.raw(end - decoder.offset);
  }
  return divergesAt;
}
