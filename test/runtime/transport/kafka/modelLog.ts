import { code } from '../../../../src/runtime/transport/kafka/protocol/errors.ts';
import {
  type BatchHeader,
  readBatchHeader,
} from '../../../../src/runtime/transport/kafka/recordBatch/batchHeader.ts';
import { openBatch } from '../../../../src/runtime/transport/kafka/recordBatch/openBatch.ts';
import { markerBatch } from './batches.ts';

interface Appended {
  readonly baseOffset: number;
  readonly bytes: Buffer;
  readonly header: BatchHeader;
}

interface KnownProducer {
  epoch: number;
  /** The last five batches, by which repetitions are known. */
  readonly recent: { readonly first: number; readonly last: number; readonly baseOffset: number }[];
  /** Of the first record of its open transaction. */
  openSince: number | undefined;
}

/** One partition of the model: a log with what a broker checks before it appends (sequences, epochs, leadership). */
export class ModelLog {
  readonly topic: string;
  readonly partition: number;
  leader: number;
  leaderEpoch = 0;
  start = 0;
  end = 0;
  topicId: string;
  /** Nodes beside the leader that may be read from: where they are, and up to where they have the log. */
  readonly replicas: Map<number, { rack: string; end: number }> = new Map();
  maxBatchBytes: number = Number.POSITIVE_INFINITY;
  /** First offset of each leader epoch that has written. */
  readonly #epochs: { readonly epoch: number; readonly start: number }[] = [];
  readonly aborted: {
    readonly producerId: number;
    readonly firstOffset: number;
    readonly lastOffset: number;
  }[] = [];
  /** Producer ids that are in a transaction with this partition. */
  readonly enrolled: Set<number> = new Set();
  readonly #batches: Appended[] = [];
  readonly #producers = new Map<number, KnownProducer>();

  constructor(topic: string, partition: number, leader: number, topicId: string = newTopicId()) {
    this.topic = topic;
    this.topicId = topicId;
    this.partition = partition;
    this.leader = leader;
  }

  moveTo(leader: number): void {
    this.leader = leader;
    this.leaderEpoch++;
  }

  /** An unclean election: the new leader has the log only up to an offset, at the beginning of a batch. */
  cutBackTo(end: number, leader: number): void {
    const kept = this.#batches.findIndex(({ baseOffset }) => baseOffset >= end);
    if (kept >= 0) this.#batches.splice(kept);
    this.end = end;
    while (this.#epochs.length > 0 && this.#epochs.at(-1)!.start >= end) this.#epochs.pop();
    this.moveTo(leader);
    this.#epochs.push({ epoch: this.leaderEpoch, start: end });
  }

  /** What a leader says to one who has read, last under an epoch, what is not in its log. */
  divergence(
    epoch: number,
    offset: number,
  ): { readonly epoch: number; readonly endOffset: number } | undefined {
    const known = this.#epochs.findLastIndex((one) => one.epoch <= epoch);
    if (epoch < 0 || known < 0) return undefined;
    const endOffset = this.#epochs[known + 1]?.start ?? this.end;
    const found = this.#epochs[known]!.epoch;
    return found < epoch || endOffset < offset ? { epoch: found, endOffset } : undefined;
  }

  /** A replica in the rack, other than the leader. */
  replicaFor(rack: string): number | undefined {
    if (rack === '') return undefined;
    return [...this.replicas].find(([node, replica]) => replica.rack === rack && node !== this.leader)?.[0];
  }

  /** The broker comes back from a crash: of each producer it knows the last batch only. */
  comeBack(): void {
    for (const { recent } of this.#producers.values()) recent.splice(0, recent.length - 1);
  }

  /** Behind which nothing is decided. */
  get lastStableOffset(): number {
    const open = [...this.#producers.values()].flatMap(({ openSince }) => openSince ?? []);
    return Math.min(this.end, ...open);
  }

  append(records: Buffer): { readonly errorCode: number; readonly baseOffset: number } {
    const refused = (errorCode: number) => ({ errorCode, baseOffset: -1 });
    const header = readBatchHeader(records, 0, this)!;
    if (records.length > this.maxBatchBytes) return refused(code.messageTooLarge);
    openBatch(records, header, this); // checks the checksum
    const { producerId, producerEpoch, baseSequence, count } = header;
    const isUnheardOf = !this.#producers.has(producerId);
    const producer = this.#producer(producerId, producerEpoch);
    if (producerEpoch < producer.epoch) return refused(code.invalidProducerEpoch);
    const transactional = (header.attributes & 0x10) !== 0;
    if (transactional && !this.enrolled.has(producerId)) return refused(48); // INVALID_TXN_STATE
    const last = (baseSequence + count - 1) % 2 ** 31;
    const known = producer.recent.find((batch) => batch.first === baseSequence && batch.last === last);
    if (known !== undefined) return { errorCode: code.none, baseOffset: known.baseOffset };
    const expected = ((producer.recent.at(-1)?.last ?? -1) + 1) % 2 ** 31;
    // As brokers do, also where they have forgotten a producer.
    if (baseSequence !== expected && !isUnheardOf) return refused(code.outOfOrderSequenceNumber);
    const baseOffset = this.#add(Buffer.from(records));
    producer.recent.push({ first: baseSequence, last, baseOffset });
    if (producer.recent.length > 5) producer.recent.shift();
    if (transactional) producer.openSince ??= baseOffset;
    return { errorCode: code.none, baseOffset };
  }

  /** Appends without asking who wrote it. */
  put(bytes: Buffer): void {
    this.#add(bytes);
  }

  /** The batch with an offset, as it stands in the log. */
  bytesAt(offset: number): Buffer {
    return this.#batches.findLast(({ baseOffset }) => baseOffset <= offset)!.bytes;
  }

  /** Ends a producer's transaction here; whoever comes with a lower epoch afterwards is refused. */
  mark(producerId: number, epoch: number, how: 'commit' | 'abort'): void {
    const producer = this.#producer(producerId, epoch);
    producer.epoch = Math.max(producer.epoch, epoch);
    if (how === 'abort' && producer.openSince !== undefined) {
      this.aborted.push({ producerId, firstOffset: producer.openSince, lastOffset: this.end });
    }
    producer.openSince = undefined;
    this.enrolled.delete(producerId);
    this.#add(markerBatch(0, producerId, how));
  }

  /** Whole batches from an offset on, at least one where there is one, below a limit. */
  read(offset: number, maxBytes: number, below: number): Buffer {
    const found: Buffer[] = [];
    let bytes = 0;
    for (const { baseOffset, header, bytes: batch } of this.#batches) {
      const last = baseOffset + header.nextOffset - 1;
      if (last < offset || baseOffset >= below) continue;
      if (found.length > 0 && bytes + batch.length > maxBytes) {
        // As brokers do: what is over the limit is cut off, not left out.
        found.push(batch.subarray(0, Math.max(0, maxBytes - bytes)));
        break;
      }
      found.push(batch);
      bytes += batch.length;
    }
    return Buffer.concat(found);
  }

  #producer(producerId: number, epoch: number): KnownProducer {
    let producer = this.#producers.get(producerId);
    if (producer === undefined) {
      producer = { epoch, recent: [], openSince: undefined };
      this.#producers.set(producerId, producer);
    }
    if (epoch > producer.epoch) {
      producer.epoch = epoch;
      producer.recent.length = 0;
    }
    return producer;
  }

  #add(bytes: Buffer): number {
    const baseOffset = this.end;
    if (this.#epochs.at(-1)?.epoch !== this.leaderEpoch) {
      this.#epochs.push({ epoch: this.leaderEpoch, start: baseOffset });
    }
    bytes.writeBigInt64BE(BigInt(baseOffset));
    bytes.writeInt32BE(this.leaderEpoch, 12);
    const relative = readBatchHeader(bytes, 0, this)!;
    const header = { ...relative, nextOffset: relative.nextOffset - baseOffset };
    this.#batches.push({ baseOffset, bytes, header });
    this.end = baseOffset + header.nextOffset;
    for (const replica of this.replicas.values()) replica.end = this.end;
    return baseOffset;
  }
}

let topics = 0;

/** As a broker gives to each topic it makes. */
export function newTopicId(): string {
  return (++topics).toString(16).padStart(32, '0');
}
