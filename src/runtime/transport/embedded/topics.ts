import { MillraceError } from '../../../errors.ts';
import type { NewTopic, TopicPartition } from '../transport.ts';
import { Partition } from './partition.ts';
import { type TopicSettings, topicSettings } from './topicSettings.ts';

export interface Topic {
  readonly name: string;
  /** As describe() shows it: what was asked for and Kafka's defaults for what the embedded broker honours. */
  readonly config: Readonly<Record<string, string>>;
  readonly settings: TopicSettings;
  readonly partitions: readonly Partition[];
}

/** All topics of a broker, by name. */
export class Topics {
  readonly #topics = new Map<string, Topic>();

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  all(): IterableIterator<Topic> {
    return this.#topics.values();
  }

  /** Kafka names metrics after topics, where dots become underscores: of two that are then the same only one may be. */
  refuseCollision(name: string): void {
    const inMetrics = (topic: string): string => topic.replaceAll('.', '_');
    const other = [...this.#topics.keys()].find((known) => inMetrics(known) === inMetrics(name));
    if (other === undefined) return;
    throw new MillraceError(
      'INVALID_NAME',
      'there is a topic that differs from this only in dots and underscores',
      {
        topic: name,
        found: other,
        next: 'Choose another name.',
      },
    );
  }

  add(topic: Topic): void {
    this.#topics.set(topic.name, topic);
  }

  remove(name: string): void {
    const topic = this.#topics.get(name);
    this.#topics.delete(name);
    for (const partition of topic?.partitions ?? []) partition.delete();
  }

  topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw unknownTopic(name);
    return topic;
  }

  partition({ topic, partition }: TopicPartition): Partition {
    const found = this.topic(topic).partitions[partition];
    if (found !== undefined) return found;
    throw new MillraceError('UNKNOWN_TOPIC', 'the topic has no such partition', {
      topic,
      partition,
      expected: `a partition from 0 to ${this.topic(topic).partitions.length - 1}`,
      next: 'Ask describe() for the number of partitions.',
    });
  }
}

export function unknownTopic(topic: string): MillraceError {
  return new MillraceError('UNKNOWN_TOPIC', 'there is no such topic', {
    topic,
    next: 'Create the topic, or correct its name.',
  });
}

export function outOfRange({ topic, partition, start, end }: Partition, offset: number): MillraceError {
  return new MillraceError('OFFSET_OUT_OF_RANGE', 'the offset is not in the topic', {
    topic,
    partition,
    offset,
    expected: `an offset from ${start} to ${end}`,
    next: 'Use an offset that is there.',
  });
}

/** Checked as Kafka checks it. */
export function newTopic({ topic: name, partitions, config = {} }: NewTopic): Topic {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') {
    throw new MillraceError('INVALID_NAME', 'this cannot be the name of a topic', {
      topic: name,
      expected: '1 to 249 of the letters a-z and A-Z, digits, ".", "_" and "-", and not "." or ".."',
      next: 'Choose another name.',
    });
  }
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    throw new MillraceError('INVALID_SETTING', 'a topic cannot have that many partitions', {
      topic: name,
      expected: 'a whole number from 1 on',
      found: String(partitions),
      next: 'Correct the number of partitions.',
    });
  }
  const { settings, config: complete } = topicSettings(name, config);
  const logs = Array.from({ length: partitions }, (_, index) => new Partition(name, index));
  return { name, config: complete, settings, partitions: logs };
}
