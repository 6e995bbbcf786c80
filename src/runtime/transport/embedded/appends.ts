import { MillraceError } from '../../../errors.ts';
import type { TopicPartition } from '../transport.ts';
import type { Broker } from './broker.ts';
import { dataBatch, type LogBatch } from './logBatch.ts';
import type { Partition } from './partition.ts';
import type { Records } from './records.ts';
import type { Identity } from './transactions.ts';

/** What a producer sends at once: at most one batch for each partition. */
export interface Append extends TopicPartition {
  /** Number of records the producer has sent to the partition before. */
  readonly sequence: number;
  readonly records: Records;
}

/** How far each producer has come in each partition, to know a batch that was sent twice. */
export class Appends {
  readonly #broker: Broker;
  readonly #sequences = new WeakMap<Partition, Map<number, Sequence>>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** All or nothing; answers with the offset behind each batch. A batch that is there already is not written again. */
  write(producer: Identity, appends: readonly Append[]): number[] {
    const { storage, transactions } = this.#broker;
    transactions.check(producer);
    const batches = appends.map((append) => this.#batch(producer, append));
    const fresh = appends.flatMap((append, index) => {
      const { topic, partition } = append;
      const { batch, isFresh } = batches[index]!;
      return isFresh ? [{ kind: 'batch' as const, topic, partition, batch }] : [];
    });
    storage.write(fresh);
    if (producer.transactionalId !== undefined) {
      transactions.enlist(producer, new Set(batches.map(({ partition }) => partition)));
    }
    return batches.map(({ partition, batch, isFresh, next }) => {
      if (isFresh) this.#apply(producer, partition, batch, next);
      return batch.nextOffset;
    });
  }

  #batch(producer: Identity, append: Append): Appended {
    const topic = this.#broker.topics.topic(append.topic);
    const partition = this.#broker.topics.partition(append);
    if (topic.settings.compact && append.records.keys.includes(null)) throw keyless(append);
    const next = append.sequence + append.records.count;
    const last = this.#sequences.get(partition)?.get(producer.producerId);
    if (last?.epoch === producer.epoch) {
      if (last.next === next) return { partition, batch: last.batch, isFresh: false, next };
      if (last.next !== append.sequence) throw outOfOrder(append, last.next);
    }
    const kind = producer.transactionalId === undefined ? 'plain' : 'transactional';
    const batch = dataBatch(partition.end, append.records, kind, producer.producerId);
    return { partition, batch, isFresh: true, next };
  }

  #apply(producer: Identity, partition: Partition, batch: LogBatch, next: number): void {
    const sequences = this.#sequences.get(partition) ?? new Map<number, Sequence>();
    this.#sequences.set(partition, sequences);
    sequences.set(producer.producerId, { epoch: producer.epoch, next, batch });
    partition.append(batch);
  }
}

interface Sequence {
  readonly epoch: number;
  readonly next: number;
  readonly batch: LogBatch;
}

interface Appended {
  readonly partition: Partition;
  readonly batch: LogBatch;
  readonly isFresh: boolean;
  readonly next: number;
}

function keyless({ topic, partition }: Append): MillraceError {
  return new MillraceError('BROKER_REFUSED', 'a compacted topic takes no record without a key', {
    topic,
    partition,
    next: 'Give the record a key, or the topic another cleanup.policy.',
  });
}

function outOfOrder({ topic, partition, sequence }: Append, expected: number): MillraceError {
  return new MillraceError('BROKER_REFUSED', 'a batch of this producer is missing before this one', {
    topic,
    partition,
    expected: `sequence ${expected}`,
    found: `sequence ${sequence}`,
    next: 'Throw this producer away and open another.',
  });
}
