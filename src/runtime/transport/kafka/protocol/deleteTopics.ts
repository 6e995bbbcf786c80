import type { TopicAnswer } from './createTopics.ts';
import type { Request } from './request.ts';

export function deleteTopics(topics: readonly string[], timeoutMs: number): Request<readonly TopicAnswer[]> {
  return {
    apiKey: 20,
    version: 5,
    flexible: true,
    body: (encoder) => {
      encoder
        .compactArray(topics, (topic) => encoder.compactString(topic))
        .int32(timeoutMs)
        .noTags();
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return decoder.compactArray(() => {
        const topic = decoder.compactString();
        const errorCode = decoder.int16();
        const errorMessage = decoder.compactNullableString();
        decoder.tags();
        return { topic, errorCode, errorMessage };
      });
    },
  };
}
