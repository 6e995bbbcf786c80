import { MillraceError } from '../../../errors.ts';
import type { OffsetsToCommit } from '../transport.ts';
import type { Broker } from './broker.ts';
import { markerBatch } from './logBatch.ts';
import type { Partition } from './partition.ts';
import type { Change, StoredProducer } from './storage.ts';

/** Who a producer is. Of a transactional id only the newest epoch may write. */
export interface Identity {
  readonly transactionalId: string | undefined;
  readonly producerId: number;
  readonly epoch: number;
}

/** The last epoch that fits into Kafka's 16 bits and leaves one for the coordinator itself. */
const lastEpoch = 32_766;
/** ms until a transaction that could not be aborted in time, the disk being full, is tried again. */
const retryMs = 1_000;

class Transaction {
  readonly transactionalId: string;
  producerId: number;
  epoch: number;
  timeoutMs = 0;
  /** Written to since it began; empty as long as there is none. */
  readonly partitions = new Set<Partition>();
  readonly groups = new Set<string>();
  cancelTimeout: (() => void) | undefined;

  constructor({ transactionalId, producerId, epoch }: StoredProducer) {
    this.transactionalId = transactionalId;
    this.producerId = producerId;
    this.epoch = epoch;
  }
}

/** The coordinator: one transaction per transactional id, and who may write it. */
export class Transactions {
  readonly #broker: Broker;
  readonly #byId = new Map<string, Transaction>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  restore(producers: readonly StoredProducer[]): void {
    for (const producer of producers) this.#byId.set(producer.transactionalId, new Transaction(producer));
  }

  /** Fences every older producer of the id and aborts what it left open. */
  begin(transactionalId: string, timeoutMs: number): Identity {
    let transaction = this.#byId.get(transactionalId);
    if (transaction === undefined) {
      transaction = new Transaction({ transactionalId, producerId: this.#broker.newProducerId(), epoch: -1 });
    } else if (transaction.cancelTimeout !== undefined) this.#end(transaction, 'abort');
    this.#nextEpoch(transaction);
    transaction.timeoutMs = timeoutMs;
    this.#byId.set(transactionalId, transaction);
    return { transactionalId, producerId: transaction.producerId, epoch: transaction.epoch };
  }

  #nextEpoch(transaction: Transaction): void {
    const { transactionalId } = transaction;
    const isSpent = transaction.epoch >= lastEpoch;
    const producerId = isSpent ? this.#broker.newProducerId() : transaction.producerId;
    const epoch = isSpent ? 0 : transaction.epoch + 1;
    this.#broker.storage.write([{ kind: 'producer', transactionalId, producerId, epoch }]);
    transaction.producerId = producerId;
    transaction.epoch = epoch;
  }

  /** FENCED where a newer producer of the same id, or the transaction's time limit, has ended this one's right to write. */
  check({ transactionalId, producerId, epoch }: Identity): void {
    if (transactionalId !== undefined) this.#mine(transactionalId, producerId, epoch);
  }

  #mine(transactionalId: string, producerId: number, epoch: number): Transaction {
    const transaction = this.#byId.get(transactionalId);
    if (transaction?.producerId === producerId && transaction.epoch === epoch) return transaction;
    throw fenced(`a newer producer, or a time limit, has ended this one of ${transactionalId}`);
  }

  /** Makes partitions part of the transaction, which begins with the first. */
  enlist({ transactionalId, producerId, epoch }: Identity, partitions: Iterable<Partition>): void {
    const transaction = this.#mine(transactionalId!, producerId, epoch);
    for (const partition of partitions) transaction.partitions.add(partition);
    this.#started(transaction);
  }

  /** Makes positions part of the transaction: nobody sees them before it is committed. */
  sendOffsets({ transactionalId, producerId, epoch }: Identity, offsets: OffsetsToCommit): void {
    const transaction = this.#mine(transactionalId!, producerId, epoch);
    this.#broker.groups.sendOffsets(producerId, offsets);
    transaction.groups.add(offsets.group);
    this.#started(transaction);
  }

  #started(transaction: Transaction): void {
    transaction.cancelTimeout ??= this.#broker.clock.after(transaction.timeoutMs, () =>
      this.#expire(transaction),
    );
  }

  #expire(transaction: Transaction): void {
    try {
      this.#nextEpoch(transaction);
      this.#end(transaction, 'abort');
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      // The storage refuses, as it does to whoever writes: readers wait at the last stable offset until it lets go.
      transaction.cancelTimeout = this.#broker.clock.after(retryMs, () => this.#expire(transaction));
    }
  }

  end({ transactionalId, producerId, epoch }: Identity, how: 'commit' | 'abort'): void {
    const transaction = this.#mine(transactionalId!, producerId, epoch);
    if (transaction.cancelTimeout !== undefined) this.#end(transaction, how);
  }

  #end(transaction: Transaction, how: 'commit' | 'abort'): void {
    const { producerId } = transaction;
    const { storage, groups, clock } = this.#broker;
    const partitions = [...transaction.partitions].filter((partition) => !partition.deleted);
    const markers = partitions.map(({ end }) => markerBatch(end, how, producerId, clock.now()));
    const changes = partitions.flatMap((partition, index) => ending(partition, producerId, markers[index]!));
    if (how === 'commit') changes.push(...groups.offsets.becoming(producerId, transaction.groups));
    storage.write(changes);
    partitions.forEach((partition, index) => {
      partition.append(markers[index]!);
    });
    groups.offsets.decide(producerId, transaction.groups, how);
    transaction.partitions.clear();
    transaction.groups.clear();
    transaction.cancelTimeout?.();
    transaction.cancelTimeout = undefined;
  }
}

function ending(partition: Partition, producerId: number, marker: ReturnType<typeof markerBatch>): Change[] {
  const at = { topic: partition.topic, partition: partition.partition };
  const changes: Change[] = [{ kind: 'batch', batch: marker, ...at }];
  if (marker.kind === 'commit') return changes;
  for (const { baseOffset } of partition.written(producerId))
    changes.push({ kind: 'batchAborted', baseOffset, ...at });
  return changes;
}

export function fenced(what: string): MillraceError {
  return new MillraceError('FENCED', what, {
    next: 'Throw this producer away; what it had not committed is done again by whoever has taken over.',
  });
}
