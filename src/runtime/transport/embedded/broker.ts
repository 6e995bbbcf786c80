import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { NewTopic, TopicPartition } from '../transport.ts';
import { Appends } from './appends.ts';
import { Cleaner } from './cleaner.ts';
import { Groups } from './groups.ts';
import { type LogBatch, markerBatch } from './logBatch.ts';
import { Partition } from './partition.ts';
import type { Records } from './records.ts';
import type { Storage, StoredTopic } from './storage.ts';
import { topicSettings } from './topicSettings.ts';
import { newTopic, outOfRange, type Topic, Topics } from './topics.ts';
import { Transactions } from './transactions.ts';

/** The server's side: what all connections share. Every call happens at once; only its callers wait. */
export class Broker {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly topics: Topics = new Topics();
  readonly groups: Groups = new Groups(this);
  readonly transactions: Transactions = new Transactions(this);
  readonly appends: Appends = new Appends(this);
  readonly cleaner: Cleaner = new Cleaner(this);
  #nextProducerId: number;

  constructor(clock: Clock, storage: Storage) {
    this.clock = clock;
    this.storage = storage;
    const stored = storage.load();
    this.#nextProducerId = stored.nextProducerId;
    for (const topic of stored.topics) this.#restore(topic);
    this.groups.offsets.restore(stored.offsets);
    this.transactions.restore(stored.producers);
  }

  #restore({ name, config, partitions }: StoredTopic): void {
    const logs = partitions.map(({ start, end, decided, batches }, index) => {
      const partition = new Partition(name, index, start, end);
      partition.restore(batches, decided);
      return partition;
    });
    this.#add({ name, ...topicSettings(name, config), partitions: logs });
    for (const partition of logs) this.#abortLeftOvers(partition);
  }

  /** The producers of what is still open were in the process that has ended: nobody will commit it. */
  #abortLeftOvers(partition: Partition): void {
    for (const producerId of partition.openProducers()) {
      const batch = markerBatch(partition.end, 'abort', producerId, this.clock.now());
      const at = { topic: partition.topic, partition: partition.partition };
      const aborted = partition.written(producerId).map(({ baseOffset }) => {
        return { kind: 'batchAborted' as const, baseOffset, ...at };
      });
      this.storage.write([{ kind: 'batch', batch, ...at }, ...aborted]);
      partition.append(batch);
    }
  }

  /** Leaves a topic that exists as it is. */
  createTopic(asked: NewTopic): void {
    if (this.topics.get(asked.topic) !== undefined) return;
    const topic = newTopic(asked);
    this.topics.refuseCollision(asked.topic);
    const { name, config, partitions } = topic;
    this.storage.write([{ kind: 'topic', name, config, partitions: partitions.length }]);
    this.#add(topic);
  }

  #add(topic: Topic): void {
    this.topics.add(topic);
    this.cleaner.schedule();
  }

  deleteTopic(name: string): void {
    this.topics.topic(name);
    this.storage.write([{ kind: 'topicDeleted', name }]);
    this.topics.remove(name);
    this.groups.offsets.forgetTopic(name);
  }

  deleteRecords(of: TopicPartition, before: number): void {
    const partition = this.topics.partition(of);
    if (!this.topics.topic(of.topic).settings.delete) throw notDeleted(of.topic);
    if (before > partition.end) throw outOfRange(partition, before);
    if (before > partition.start) this.moveStart(partition, before);
  }

  moveStart(partition: Partition, start: number): void {
    const { topic, partition: index, end, decided } = partition;
    const gone = partition.batches.slice(0, partition.indexOf(start));
    const bounds = { kind: 'bounds' as const, topic, partition: index, start, end, decided };
    const deleted = gone.map(({ baseOffset }) => {
      return { kind: 'batchDeleted' as const, topic, partition: index, baseOffset };
    });
    this.storage.write([bounds, ...deleted]);
    partition.moveStart(start);
  }

  recordsOf(partition: Partition, batch: LogBatch): Records {
    return batch.records ?? this.storage.records(partition, batch);
  }

  newProducerId(): number {
    const id = this.#nextProducerId;
    this.storage.write([{ kind: 'nextProducerId', nextProducerId: id + 1 }]);
    this.#nextProducerId = id + 1;
    return id;
  }
}

function notDeleted(topic: string): MillraceError {
  return new MillraceError('INVALID_SETTING', 'records of a topic that is only compacted cannot be deleted', {
    topic,
    expected: 'a cleanup.policy with delete',
    next: 'Write records without a value, or create the topic with another cleanup.policy.',
  });
}
