import type { Decoder } from './decoder.ts';
import type { Request } from './request.ts';

export interface Metadata {
  readonly nodes: readonly Node[];
  readonly controller: number;
  readonly topics: readonly AnsweredTopic[];
}

export interface Node {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export interface AnsweredTopic {
  readonly errorCode: number;
  readonly topic: string;
  readonly topicId: Buffer;
  readonly internal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly partition: number;
  readonly errorCode: number;
  /** Node id; -1 while there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/** Brokers, controller, and the topics asked for; a missing topic is not created by asking. */
export function metadata(topics: readonly string[]): Request<Metadata> {
  return {
    apiKey: 3,
    version: 12,
    flexible: true,
    body: (encoder) => {
      const createMissing = false;
      const withOperations = false;
      encoder
        .compactArray(topics, (topic, item) => item.uuid(noId).compactNullableString(topic).noTags())
        .boolean(createMissing)
        .boolean(withOperations)
        .noTags();
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      const nodes = decoder.compactArray(parseNode);
      decoder.compactNullableString(); // cluster id
      const controller = decoder.int32();
      return { nodes, controller, topics: decoder.compactArray(parseTopic) };
    },
  };
}

const noId = Buffer.alloc(16);

function parseNode(decoder: Decoder): Node {
  const node = { id: decoder.int32(), host: decoder.compactString(), port: decoder.int32() };
  decoder.compactNullableString(); // rack
  decoder.tags();
  return node;
}

function parseTopic(decoder: Decoder): AnsweredTopic {
  const topic = {
    errorCode: decoder.int16(),
    topic: decoder.compactNullableString() ?? '',
    topicId: decoder.uuid(),
    internal: decoder.boolean(),
    partitions: decoder.compactArray(parsePartition),
  };
  decoder.int32(); // authorized operations
  decoder.tags();
  return topic;
}

function parsePartition(decoder: Decoder): PartitionMetadata {
  const partition = {
    errorCode: decoder.int16(),
    partition: decoder.int32(),
    leader: decoder.int32(),
    leaderEpoch: decoder.int32(),
    replicas: decoder.compactArray((item) => item.int32()),
    inSync: decoder.compactArray((item) => item.int32()),
  };
  decoder.compactArray((item) => item.int32()); // offline replicas
  decoder.tags();
  return partition;
}
