import type { NewTopic } from '../../transport.ts';
import type { Request } from './request.ts';

export interface TopicAnswer {
  readonly topic: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

const brokersDefault = -1;

/** Answered when the controller has created the topics; brokers may learn of them a little later. */
export function createTopics(
  topics: readonly NewTopic[],
  timeoutMs: number,
): Request<readonly TopicAnswer[]> {
  const validateOnly = false;
  return {
    apiKey: 19,
    version: 4,
    body: (encoder) => {
      encoder
        .array(topics, ({ topic, partitions, replicationFactor, config }) =>
          encoder
            .string(topic)
            .int32(partitions)
            .int16(replicationFactor ?? brokersDefault)
            .array([], () => {}) // replicas chosen by hand
            .array(Object.entries(config ?? {}), ([name, value]) => encoder.string(name).string(value)),
        )
        .int32(timeoutMs)
        .boolean(validateOnly);
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return decoder.array(() => ({
        topic: decoder.string(),
        errorCode: decoder.int16(),
        errorMessage: decoder.nullableString(),
      }));
    },
  };
}
