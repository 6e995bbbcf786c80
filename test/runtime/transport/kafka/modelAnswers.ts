import type { Decoder } from '../../../../src/runtime/transport/kafka/protocol/decoder.ts';
import { Encoder } from '../../../../src/runtime/transport/kafka/protocol/encoder.ts';
import type { ModelCoordinator, Who } from './modelCoordinator.ts';
import type { ModelLog } from './modelLog.ts';

export interface Served {
  readonly node: number;
  readonly log: (topic: string, partition: number) => ModelLog | undefined;
  readonly coordinator: ModelCoordinator;
}

type Topics<P> = [topic: string, partitions: P[]][];

function topicsOf<P>(request: Decoder, partition: () => P): Topics<P> {
  return request.compactArray(() => {
    const topic = request.compactString();
    const partitions = request.compactArray(partition);
    request.tags();
    return [topic, partitions] as [string, P[]];
  });
}

function answerTopics<P>(
  answer: Encoder,
  topics: Topics<P>,
  partition: (topic: string, one: P) => void,
): Encoder {
  return answer.compactArray(topics, ([topic, partitions]) => {
    answer.compactString(topic).compactArray(partitions, (one) => partition(topic, one));
    answer.noTags();
  });
}

/** `said`: what to answer in place of what is true. */
export function answerProduce(
  request: Decoder,
  { node, log }: Served,
  injected: number,
  said: number | undefined,
): Encoder {
  request.compactNullableString(); // transactional id
  request.int16(); // acks
  request.int32(); // timeout
  const topics = topicsOf(request, () => {
    const partition = { partition: request.int32(), records: request.compactBytes() };
    request.tags();
    return partition;
  });
  const answer = new Encoder();
  return answerTopics(answer, topics, (topic, { partition, records }) => {
    const led = log(topic, partition);
    const refused = injected !== 0 ? injected : led === undefined ? 3 : led.leader === node ? 0 : 6;
    const { errorCode, baseOffset } =
      refused === 0 ? led!.append(records) : { errorCode: refused, baseOffset: -1 };
    const told = said ?? errorCode;
    answer
      .int32(partition)
      .int16(told)
      .int64(told === 0 ? baseOffset : -1);
    answer.int64(-1).int64(0);
    answer
      .compactArray([], () => {})
      .compactNullableString(null)
      .noTags();
  })
    .int32(0)
    .noTags();
}

/** The first or the last offset, in the old format that the request has. */
export function answerListOffsets(request: Decoder, { node, log }: Served, injected: number): Encoder {
  request.int32(); // replica
  request.int8(); // isolation
  const topics = request.array(() => {
    const topic = request.string();
    const partitions = request.array(() => {
      const partition = request.int32();
      request.int32(); // leader epoch
      return { partition, timestamp: request.int64() };
    });
    return { topic, partitions };
  });
  const answer = new Encoder().int32(0);
  return answer.array(topics, ({ topic, partitions }) =>
    answer.string(topic).array(partitions, ({ partition, timestamp }) => {
      const led = log(topic, partition);
      const errorCode = injected || (led?.leader === node ? 0 : 6);
      const offset = errorCode !== 0 ? -1 : timestamp === -2 ? led!.start : led!.end;
      answer
        .int32(partition)
        .int16(errorCode)
        .int64(-1)
        .int64(offset)
        .int32(led?.leaderEpoch ?? -1);
    }),
  );
}

function who(request: Decoder): Who {
  return { id: request.compactString(), producerId: request.int64(), epoch: request.int16() };
}

/** InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn and TxnOffsetCommit, by their API keys. */
export const transactionAnswers: Readonly<
  Record<number, (request: Decoder, served: Served, injected: number) => Encoder>
> = {
  22: (request, { coordinator }, injected) => {
    const id = request.compactNullableString();
    request.int32(); // timeout
    const before = { producerId: request.int64(), epoch: request.int16() };
    const refused = { errorCode: injected, producerId: -1, epoch: -1 };
    const { errorCode, producerId, epoch } = injected === 0 ? coordinator.init(id, before) : refused;
    return new Encoder().int32(0).int16(errorCode).int64(producerId).int16(epoch).noTags();
  },
  24: (request, { coordinator, log }, injected) => {
    const asking = who(request);
    const topics = topicsOf(request, () => request.int32());
    const logs = topics.flatMap(([topic, partitions]) => partitions.map((one) => log(topic, one)!));
    // One partition that cannot be added keeps the others out.
    const refused = (topic: string) => (coordinator.unheard.has(topic) ? 3 : 55);
    const all = topics.some(([topic]) => coordinator.unheard.has(topic));
    const errorCode = injected || (all ? undefined : coordinator.addPartitions(asking, logs));
    const answer = new Encoder().int32(0);
    return answerTopics(answer, topics, (topic, one) =>
      answer
        .int32(one)
        .int16(errorCode ?? refused(topic))
        .noTags(),
    ).noTags();
  },
  25: (request, { coordinator }, injected) => {
    const errorCode = injected || coordinator.addOffsets(who(request), request.compactString());
    return new Encoder().int32(0).int16(errorCode).noTags();
  },
  26: (request, { coordinator }, injected) => {
    const asking = who(request);
    const how = request.boolean() ? 'commit' : 'abort';
    const errorCode = injected || coordinator.end(asking, how);
    return new Encoder().int32(0).int16(errorCode).noTags();
  },
  28: (request, { coordinator }, injected) => {
    const [id, group, producerId, epoch] = [
      request.compactString(),
      request.compactString(),
      request.int64(),
      request.int16(),
    ];
    request.int32(); // generation
    request.compactString(); // member
    request.compactNullableString(); // instance
    const topics = topicsOf(request, () => {
      const position = { partition: request.int32(), offset: request.int64() };
      request.int32(); // leader epoch
      request.compactNullableString(); // metadata
      request.tags();
      return position;
    });
    const offsets = new Map(
      topics.flatMap(([topic, own]) => own.map((one) => [`${topic}-${one.partition}`, one.offset] as const)),
    );
    const errorCode = injected || coordinator.commitOffsets({ id, producerId, epoch }, group, offsets);
    const answer = new Encoder().int32(0);
    return answerTopics(answer, topics, (_, { partition }) =>
      answer.int32(partition).int16(errorCode).noTags(),
    ).noTags();
  },
};
