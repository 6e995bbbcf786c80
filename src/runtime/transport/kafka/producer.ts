import type { Encoded } from '../../../dsl/codecs/codec.ts';
import type { Headers } from '../../../dsl/message.ts';
import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { OffsetsToCommit, Producer, ProducerOptions } from '../transport.ts';
import { Accumulator } from './accumulator.ts';
import type { Connection } from './connection.ts';
import { findTopic } from './findTopic.ts';
import { ProduceRequests } from './produceRequests.ts';
import { producerIdentity } from './producerIdentity.ts';
import { type ProducerSettings, producerSettings } from './producerSettings.ts';
import type { ProducerIdentity } from './protocol/initProducerId.ts';
import { isFenced, Transaction } from './transaction.ts';
import { unlessAborted } from './unlessAborted.ts';

/** ms an abort waits for what is under way, and then for its own end. Whoever opens the next producer settles the rest. */
const abortWaitMs = 1000;

/** Resolves when the producer may write: with a transactionalId, when every older one of that id is fenced and settled. */
export async function createProducer(
  connection: Connection,
  options: ProducerOptions,
  clock: Clock,
): Promise<Producer> {
  // A lane of its own for each producer: a broker serves one request of a lane at a time.
  const lane = `producer-${Math.floor(connection.random() * 2 ** 40).toString(36)}`;
  try {
    const settings = producerSettings(options);
    const identity = await producerIdentity(connection, clock, lane, settings);
    return new KafkaProducer(connection, clock, lane, identity, settings);
  } catch (error) {
    connection.release(lane);
    throw error;
  }
}

/** Accumulator collects, ProduceRequests sends, Transaction speaks to the coordinator; this decides when. */
class KafkaProducer implements Producer {
  readonly kind = 'producer';
  readonly producerId: number;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #lane: string;
  readonly #lingerMs: number;
  readonly #transaction: Transaction | undefined;
  readonly #accumulator: Accumulator;
  readonly #requests: ProduceRequests;
  #dead: Error | undefined;
  /** The commits asked for, one after the other; never rejects. */
  #commits: Promise<void> = Promise.resolve();
  /** Set by the first abort(): no further commit begins. */
  #aborted: Error | undefined;
  /** The fate of the transaction is in the hands of the coordinator. */
  #ending = false;
  #cancelLinger: (() => void) | undefined;
  readonly #cutOff = (): void => this.#die(this.#connection.closed.reason);

  constructor(
    connection: Connection,
    clock: Clock,
    lane: string,
    identity: ProducerIdentity,
    settings: ProducerSettings,
  ) {
    const { transactionalId, transactionTimeoutMs, deliveryTimeoutMs } = settings;
    this.#connection = connection;
    this.#clock = clock;
    this.#lane = lane;
    this.producerId = identity.producerId;
    this.#lingerMs = settings.lingerMs;
    this.#transaction =
      transactionalId === undefined
        ? undefined
        : new Transaction(connection, clock, lane, transactionalId, identity, transactionTimeoutMs);
    const failed = (error: Error): void => this.#die(error);
    this.#accumulator = new Accumulator(settings, {
      count: (topic) => this.partitions(topic),
      find: (topic) => findTopic(connection, clock, topic, deliveryTimeoutMs).catch(failed),
      placed: () => this.#requests.pump(),
      failed,
    });
    this.#requests = new ProduceRequests(connection, clock, this.#accumulator, {
      lane,
      identity,
      transactionalId,
      transaction: this.#transaction,
      compression: settings.compression,
      maxRequestBytes: settings.maxRequestBytes,
      deliveryTimeoutMs,
      failed,
    });
    connection.inUse.add(this);
    connection.closed.addEventListener('abort', this.#cutOff, { once: true });
  }

  get pendingBytes(): number {
    return this.#accumulator.pendingBytes;
  }

  partitions(topic: string): number | undefined {
    return this.#connection.known(topic)?.partitions.length;
  }

  end(topic: string, partition: number): number | undefined {
    return this.#accumulator.end(topic, partition);
  }

  append(
    topic: string,
    partition: number | undefined,
    key: Encoded | null,
    value: Encoded | null,
    timestamp: number,
    headers: Headers,
  ): void {
    if (this.#dead !== undefined) throw this.#dead;
    if (this.#accumulator.append(topic, partition, key, value, timestamp, headers)) this.#requests.pump();
    else this.#cancelLinger ??= this.#clock.after(this.#lingerMs, () => this.#sendAll(false));
  }

  async flush(): Promise<void> {
    if (this.#dead !== undefined) throw this.#dead;
    this.#sendAll(true);
    await this.#accumulator.acknowledged(this.#accumulator.transaction);
  }

  async commit(offsets: OffsetsToCommit | undefined): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === undefined) throw notTransactional();
    if (this.#dead !== undefined) throw this.#dead;
    this.#sendAll(true);
    const number = this.#accumulator.transaction++;
    const committed = this.#commits.then(() => this.#commit(transaction, number, offsets));
    this.#commits = committed.catch((error) => this.#die(error));
    await committed;
  }

  async abort(): Promise<void> {
    const aborted = closed('was aborted');
    this.#aborted = aborted;
    // What the coordinator has been asked to decide is decided; everything else need not be waited for.
    if (!this.#ending) this.#die(aborted);
    const late = new AbortController();
    const cancel = this.#clock.after(abortWaitMs, () => {
      this.#transaction?.giveUp(aborted);
      late.abort(aborted);
    });
    try {
      await this.#commits;
      this.#die(aborted);
      await unlessAborted(this.#requests.stop(), late.signal).catch(() => {});
      const quiet = !late.signal.aborted;
      if (this.#transaction?.isOpen === true) await this.#abandon(this.#transaction, quiet);
    } finally {
      cancel();
      this.#release();
    }
  }

  /** Nothing of a transaction is to stay open, for readers of committed records wait behind it. */
  async #abandon(transaction: Transaction, quiet: boolean): Promise<void> {
    // Only what nobody has died of, and nothing of which is under way, ends in the ordinary way.
    const ordinary = quiet && this.#dead === this.#aborted;
    if (isFenced(this.#dead)) return; // whoever has fenced this producer has aborted its transaction as well
    const late = new AbortController();
    const cancel = this.#clock.after(abortWaitMs, () => {
      transaction.giveUp(this.#aborted!);
      late.abort(this.#aborted);
    });
    try {
      await (ordinary ? transaction.end('abort') : transaction.settle(late.signal));
    } catch (error) {
      // What cannot be settled now is settled by the next producer of the id, or by the time limit.
      if (ordinary && !isFenced(error)) throw error;
    } finally {
      cancel();
    }
  }

  async close(): Promise<void> {
    if (this.#transaction !== undefined) return this.abort();
    try {
      if (this.#dead === undefined) await this.flush();
    } finally {
      this.#die(closed('was closed'));
      await this.#requests.stop();
      this.#release();
    }
  }

  #release(): void {
    this.#connection.closed.removeEventListener('abort', this.#cutOff);
    this.#connection.release(this.#lane);
    this.#connection.inUse.delete(this);
  }

  async #commit(
    transaction: Transaction,
    number: number,
    offsets: OffsetsToCommit | undefined,
  ): Promise<void> {
    const refusal = this.#dead ?? this.#aborted;
    if (refusal !== undefined) throw refusal;
    const hasOffsets = offsets !== undefined && offsets.offsets.length > 0;
    const parts = await Promise.allSettled([
      this.#accumulator.acknowledged(number),
      hasOffsets ? transaction.commitOffsets(offsets) : undefined,
    ]);
    // Both have come to an end before anything is said of either: what is under way must not outlive the transaction.
    if (this.#dead !== undefined) throw this.#dead;
    for (const part of parts) if (part.status === 'rejected') throw part.reason;
    if (transaction.isOpen) {
      this.#ending = true;
      await transaction.end('commit');
      this.#ending = false;
    }
    this.#requests.transaction = number + 1;
    this.#requests.pump();
  }

  #sendAll(urgent: boolean): void {
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    this.#accumulator.makeDue(urgent);
    this.#requests.pump();
  }

  #die(error: Error): void {
    if (this.#dead !== undefined) return;
    this.#dead = error;
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    this.#transaction?.stop(error);
    void this.#requests.stop();
    this.#accumulator.fail(error);
  }
}

function closed(how: string): MillraceError {
  return new MillraceError('TRANSPORT_CLOSED', `the producer ${how}`, { next: 'Open a new one.' });
}

function notTransactional(): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', 'this producer has no transactions', {
    next: 'Open it with a transactionalId, or call flush().',
  });
}
