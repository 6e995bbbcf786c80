import type { Decoder } from '../../../../src/runtime/transport/kafka/protocol/decoder.ts';
import { Encoder } from '../../../../src/runtime/transport/kafka/protocol/encoder.ts';
import { code } from '../../../../src/runtime/transport/kafka/protocol/errors.ts';
import type { ModelLog } from './modelLog.ts';
import { FetchRefused, type ModelSessions } from './modelSessions.ts';

/** What a fetch says of one partition. */
export interface AskedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly epoch: number;
  readonly offset: number;
  readonly lastEpoch: number;
  readonly maxBytes: number;
}

export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly committed: boolean;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly asked: readonly AskedPartition[];
  readonly forgotten: readonly { readonly topicId: string; readonly partition: number }[];
  readonly rack: string;
}

export interface Fetching {
  readonly maxWaitMs: number;
  /** Is there anything to answer with, errors included? */
  ready(): boolean;
  answer(): Encoder;
}

/** Where a fetch is served. */
export interface FetchNode {
  readonly node: number;
  readonly log: (topicId: string, partition: number) => ModelLog | undefined;
  readonly sessions: ModelSessions;
}

export function readFetch(request: Decoder): FetchRequest {
  request.int32(); // replica
  const maxWaitMs = request.int32();
  request.int32(); // minimum of bytes
  const maxBytes = request.int32();
  const committed = request.int8() === 1;
  const [sessionId, sessionEpoch] = [request.int32(), request.int32()];
  const asked = request.compactArray(() => {
    const topicId = request.uuid().toString('hex');
    const partitions = request.compactArray(() => {
      const [partition, epoch, offset] = [request.int32(), request.int32(), request.int64()];
      const lastEpoch = request.int32();
      request.int64(); // log start of a follower
      const one = { topicId, partition, epoch, offset, lastEpoch, maxBytes: request.int32() };
      request.tags();
      return one;
    });
    request.tags();
    return partitions;
  });
  const forgotten = request.compactArray(() => {
    const topicId = request.uuid().toString('hex');
    const partitions = request.compactArray(() => ({ topicId, partition: request.int32() }));
    request.tags();
    return partitions;
  });
  const rack = request.compactString();
  return {
    maxWaitMs,
    maxBytes,
    committed,
    sessionId,
    sessionEpoch,
    asked: asked.flat(),
    forgotten: forgotten.flat(),
    rack,
  };
}

export function serveFetch(request: FetchRequest, at: FetchNode, injected: number): Fetching {
  let session: ReturnType<ModelSessions['open']>;
  try {
    session = at.sessions.open(request);
  } catch (error) {
    if (!(error instanceof FetchRefused)) throw error;
    const refusal = new Encoder().int32(0).int16(error.errorCode).int32(0);
    return { maxWaitMs: 0, ready: () => true, answer: () => refusal.compactArray([], () => {}).noTags() };
  }
  const replies = () => session.asked.map((one) => reply(one, request, at, injected));
  return {
    maxWaitMs: request.maxWaitMs,
    ready: () => replies().some(({ isNews }) => isNews),
    answer: () => {
      let room = request.maxBytes;
      const said = replies().flatMap((one) => {
        const bytes = one.records(room, room === request.maxBytes);
        room -= Math.min(room, bytes.length);
        return session.isNews(one, bytes) ? [{ ...one, bytes }] : [];
      });
      const answer = new Encoder().int32(0).int16(0).int32(session.id);
      return answer
        .compactArray(said, (one) => {
          answer.uuid(Buffer.from(one.topicId, 'hex'));
          answer.compactArray([one], () => one.write(answer, one.bytes)).noTags();
        })
        .noTags();
    },
  };
}

/** What a node has to say of one partition. */
export interface Reply {
  readonly topicId: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly end: number;
  /** Worth an answer before the time is up. */
  readonly isNews: boolean;
  /** A batch that is larger comes only as the first of an answer. */
  records(maxBytes: number, isFirst: boolean): Buffer;
  write(answer: Encoder, records: Buffer): void;
}

function reply(
  one: AskedPartition,
  { committed, rack }: FetchRequest,
  at: FetchNode,
  injected: number,
): Reply {
  const led = at.log(one.topicId, one.partition);
  const errorCode = injected !== 0 ? injected : refusal(one, led, at.node);
  const { topicId, partition } = one;
  if (errorCode !== 0 || led === undefined) {
    const write = (answer: Encoder) => {
      answer.int32(partition).int16(errorCode).int64(-1).int64(-1).int64(-1);
      answer.compactArray([], () => {});
      answer.int32(-1).compactBytes(nothing).noTags();
    };
    return { topicId, partition, errorCode, end: -1, isNews: true, records: () => nothing, write };
  }
  const limit = committed ? led.lastStableOffset : led.end;
  const nearer = led.leader === at.node ? led.replicaFor(rack) : undefined;
  const divergence = led.divergence(one.lastEpoch, one.offset);
  const isSilent = nearer !== undefined || divergence !== undefined;
  const write = (answer: Encoder, records: Buffer) => {
    const aborted = committed ? led.aborted.filter(({ lastOffset }) => lastOffset >= one.offset) : [];
    answer.int32(partition).int16(0).int64(led.end).int64(led.lastStableOffset).int64(led.start);
    answer.compactArray(aborted, ({ producerId, firstOffset }) =>
      answer.int64(producerId).int64(firstOffset).noTags(),
    );
    answer.int32(nearer ?? -1).compactBytes(records);
    if (divergence === undefined) answer.noTags();
    else
      answer.uvarint(1).uvarint(0).uvarint(13).int32(divergence.epoch).int64(divergence.endOffset).noTags();
  };
  return {
    topicId,
    partition,
    errorCode,
    end: led.end,
    isNews: isSilent || one.offset < limit,
    records: (room, isFirst) => {
      const maxBytes = Math.min(room, one.maxBytes);
      const records = isSilent ? nothing : led.read(one.offset, maxBytes, limit);
      return isFirst || records.length <= maxBytes ? records : nothing;
    },
    write,
  };
}

function refusal({ epoch, offset }: AskedPartition, led: ModelLog | undefined, node: number): number {
  if (led === undefined) return 100; // UNKNOWN_TOPIC_ID
  const replica = led.replicas.get(node);
  if (led.leader !== node && replica === undefined) return code.notLeaderOrFollower;
  if (epoch >= 0 && epoch < led.leaderEpoch) return 74; // FENCED_LEADER_EPOCH
  if (epoch > led.leaderEpoch) return 75; // UNKNOWN_LEADER_EPOCH
  const end = replica?.end ?? led.end;
  return offset < led.start || offset > end ? code.offsetOutOfRange : code.none;
}

const nothing = Buffer.alloc(0);
