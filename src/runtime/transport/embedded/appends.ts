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
    const appended = appends.map((append) => this.#batch(producer, append));
    const changes = appended.flatMap(({ partition: { topic, partition }, batch }) => {
      return batch === undefined ? [] : [{ kind: 'batch' as const, topic, partition, batch }];
    });
    storage.write(changes);
    if (producer.transactionalId !== undefined) {
      transactions.enlist(producer, new Set(appended.map(({ partition }) => partition)));
    }
    for (const one of appended) this.#apply(producer, one);
    return appended.map(({ end }) => end);
  }

  #batch(producer: Identity, append: Append): Appended {
    const topic = this.#broker.topics.topic(append.topic);
    const partition = this.#broker.topics.partition(append);
    if (topic.settings.compact && append.records.keys.includes(null)) throw keyless(append);
    const next = append.sequence + append.records.count;
    const last = this.#sequences.get(partition)?.get(producer.producerId);
    if (last?.epoch === producer.epoch) {
      if (last.next === next) return { partition, batch: undefined, end: last.end, next };
      if (last.next !== append.sequence) throw outOfOrder(append, last.next);
    }
    const kind = producer.transactionalId === undefined ? 'plain' : 'transactional';
    const batch = dataBatch(partition.end, append.records, kind, producer.producerId);
    return { partition, batch, end: batch.nextOffset, next };
  }

  #apply({ producerId, epoch }: Identity, { partition, batch, end, next }: Appended): void {
    if (batch === undefined) return;
    const sequences = this.#sequences.get(partition) ?? new Map<number, Sequence>();
    this.#sequences.set(partition, sequences);
    sequences.set(producerId, { epoch, next, end });
    partition.append(batch);
  }
}

interface Sequence {
  readonly epoch: number;
  /** Of the first record that has not come yet. */
  readonly next: number;
  /** Offset behind the last batch. */
  readonly end: number;
}

interface Appended {
  readonly partition: Partition;
  /** undefined where it is there already. */
  readonly batch: LogBatch | undefined;
  readonly end: number;
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
