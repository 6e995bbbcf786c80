import type { TopicAnswer } from './createTopics.ts';
import type { Request } from './request.ts';

export interface TopicConfig extends TopicAnswer {
  /** Settings in force, the broker's defaults included; secrets have none. */
  readonly config: Readonly<Record<string, string>>;
}

const topicResource = 2;

export function describeConfigs(topics: readonly string[]): Request<readonly TopicConfig[]> {
  const withSynonyms = false;
  return {
    apiKey: 32,
    version: 2,
    body: (encoder) => {
      encoder
        .array(topics, (topic) => encoder.int8(topicResource).string(topic).int32(allSettings))
        .boolean(withSynonyms);
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      return decoder.array(() => {
        const errorCode = decoder.int16();
        const errorMessage = decoder.nullableString();
        decoder.int8(); // kind of resource
        const topic = decoder.string();
        const settings = decoder.array(() => {
          const name = decoder.string();
          const value = decoder.nullableString();
          decoder.boolean(); // read-only
          decoder.int8(); // where it comes from
          decoder.boolean(); // secret
          decoder.array(() => [decoder.string(), decoder.nullableString(), decoder.int8()]); // synonyms
          return [name, value] as const;
        });
        const known = settings.filter((setting): setting is [string, string] => setting[1] !== null);
        return { topic, errorCode, errorMessage, config: Object.fromEntries(known) };
      });
    },
  };
}

/** The length of a null array. */
const allSettings = -1;
