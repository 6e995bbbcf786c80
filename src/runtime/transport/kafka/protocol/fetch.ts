import type { Isolation } from '../../transport.ts';
import type { Decoder } from './decoder.ts';
import type { Request } from './request.ts';

export interface FetchOptions {
  readonly isolation: Isolation;
  /** ms the broker may wait for a first byte. */
  readonly maxWaitMs: number;
  /** Of the whole answer; a first batch that is larger comes nevertheless. */
  readonly maxBytes: number;
  readonly session: FetchSessionStep;
  /** Where the client is, so that the leader may name a replica near it; '': it is to be read from the leader. */
  readonly rack: string;
}

/** What of the partitions asked for is new to the broker (KIP-227). */
export interface FetchSessionStep {
  /** 0: none yet. */
  readonly id: number;
  /** 0: this request names everything, and the broker may keep it as a session. -1: no session; it is closed if there is one. */
  readonly epoch: number;
  readonly topics: readonly (readonly [topicId: string, partitions: readonly FetchPartition[]])[];
  readonly forgotten: readonly (readonly [topicId: string, partitions: readonly number[]])[];
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
  /** 0: the broker keeps none. */
  readonly sessionId: number;
  /** In a session only those of which there is something to say. */
  readonly partitions: readonly FetchedPartition[];
  /** All of which stays as long as a view of it does. */
  readonly memoryBytes: number;
}

export interface FetchedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** The node to be asked instead; -1: this one. */
  readonly preferredReplica: number;
  /** Where the log and what was read before part ways; undefined where they do not. */
  readonly divergence: Divergence | undefined;
  /** Batches, the last of which may be cut off; a view of the answer. */
  readonly records: Buffer;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** The last epoch of the log that is not above the one last read, and where it ends. */
export interface Divergence {
  readonly epoch: number;
  readonly endOffset: number;
}

/** Records of many partitions from one leader or replica. Topics go by their ids, so that one made anew is not taken for the old. */
export function fetch({ isolation, maxWaitMs, maxBytes, session, rack }: FetchOptions): Request<FetchAnswer> {
  return {
    apiKey: 1,
    version: 13,
    flexible: true,
    body: (encoder) => {
      const consumer = -1;
      const minBytes = 1;
      encoder.int32(consumer).int32(maxWaitMs).int32(minBytes).int32(maxBytes);
      encoder.int8(isolation === 'committed' ? 1 : 0);
      encoder.int32(session.id).int32(session.epoch);
      encoder.compactArray(session.topics, ([topicId, partitions]) => {
        encoder.uuid(Buffer.from(topicId, 'hex')).compactArray(partitions, (partition) => {
          encoder.int32(partition.partition).int32(partition.leaderEpoch).int64(partition.offset);
          encoder.int32(partition.lastFetchedEpoch).int64(-1).int32(partition.maxBytes).noTags();
        });
        encoder.noTags();
      });
      encoder.compactArray(session.forgotten, ([topicId, partitions]) => {
        encoder.uuid(Buffer.from(topicId, 'hex'));
        encoder.compactArray(partitions, (partition) => encoder.int32(partition)).noTags();
      });
      encoder.compactString(rack).noTags();
    },
    parse: parseAnswer,
  };
}

function parseAnswer(decoder: Decoder): FetchAnswer {
  decoder.int32(); // throttle time
  const errorCode = decoder.int16();
  const sessionId = decoder.int32();
  const topics = decoder.compactArray(() => {
    const topicId = decoder.uuid().toString('hex');
    const partitions = decoder.compactArray(() => parsePartition(decoder, topicId));
    decoder.tags();
    return partitions;
  });
  const memoryBytes = decoder.buffer.buffer.byteLength;
  return { errorCode, sessionId, partitions: topics.flat(), memoryBytes };
}

function parsePartition(decoder: Decoder, topicId: string): FetchedPartition {
  const partition = decoder.int32();
  const errorCode = decoder.int16();
  const highWatermark = decoder.int64();
  const lastStableOffset = decoder.int64();
  const logStartOffset = decoder.int64();
  const aborted = decoder.compactArray(parseAborted);
  const preferredReplica = decoder.int32();
  const records = decoder.compactNullableBytes() ?? nothing;
  const divergence = parseDivergence(decoder);
  return {
    topicId,
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    aborted,
    preferredReplica,
    divergence,
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
function parseDivergence(decoder: Decoder): Divergence | undefined {
  let divergence: Divergence | undefined;
  for (let left = decoder.uvarint(); left > 0; left--) {
    const tag = decoder.uvarint();
    const end = decoder.uvarint() + decoder.offset;
    if (tag === 0) divergence = { epoch: decoder.int32(), endOffset: decoder.int64() };
    decoder.raw(end - decoder.offset);
  }
  return divergence;
}
