import { MillraceError } from '../../../errors.ts';
import type {
  CommittedOffset,
  Member,
  MemberIdentity,
  MemberOptions,
  Producer,
  ProducerOptions,
  Reader,
  ReaderOptions,
  TopicAdmin,
  TopicPartition,
  Transport,
} from '../transport.ts';
import { embeddedAdmin } from './admin.ts';
import type { Broker } from './broker.ts';
import type { Connection } from './connection.ts';
import { EmbeddedMember } from './member.ts';
import { EmbeddedProducer } from './producer.ts';
import { EmbeddedReader } from './reader.ts';

/** ms, as Kafka's defaults. */
const transactionTimeout = 60_000;
const longestTransaction = 900_000;

/** One client of an embedded broker. */
export class EmbeddedTransport implements Transport {
  readonly kind = 'embedded';
  readonly admin: TopicAdmin;
  readonly #broker: Broker;
  readonly #connection: Connection;

  constructor(broker: Broker, connection: Connection) {
    this.#broker = broker;
    this.#connection = connection;
    this.admin = embeddedAdmin(broker, connection);
  }

  async connect(): Promise<void> {
    this.#connection.check();
  }

  reader(options: ReaderOptions): Reader {
    this.#connection.check();
    return new EmbeddedReader(this.#broker, this.#connection, options);
  }

  async producer(options: ProducerOptions): Promise<Producer> {
    const { transactionalId, transactionTimeoutMs = transactionTimeout } = options;
    if (transactionTimeoutMs > longestTransaction) throw transactionTooLong(transactionTimeoutMs);
    // Two that fence each other in turn must not keep everything else in this process from going on.
    await this.#connection.clock.breathe();
    const identity = await this.#connection.insist({ api: 'initProducerId', transactionalId }, () =>
      transactionalId === undefined
        ? { transactionalId, producerId: this.#broker.newProducerId(), epoch: 0 }
        : this.#broker.transactions.begin(transactionalId, transactionTimeoutMs),
    );
    return new EmbeddedProducer(this.#broker, this.#connection, identity);
  }

  member(options: MemberOptions): Member {
    this.#connection.check();
    return new EmbeddedMember(this.#broker, this.#connection, options);
  }

  committed(group: string, partitions: readonly TopicPartition[]): Promise<(CommittedOffset | undefined)[]> {
    const { closed } = this.#connection;
    return this.#connection.insist({ api: 'offsetFetch', group }, () =>
      this.#broker.groups.offsets.fetch(group, partitions, closed),
    );
  }

  evict(group: string, member: MemberIdentity): Promise<void> {
    return this.#connection.insist({ api: 'leaveGroup', group }, () =>
      this.#broker.groups.leave(group, member),
    );
  }

  crash(): void {
    this.#connection.crash();
  }

  /** Members first: what they do when they are revoked needs the producers. */
  async close(): Promise<void> {
    const { resources } = this.#connection;
    for (const one of resources) if (one instanceof EmbeddedMember) await one.close();
    for (const one of resources) if (!(one instanceof EmbeddedMember)) await one.close();
    this.crash();
  }
}

function transactionTooLong(transactionTimeoutMs: number): MillraceError {
  return new MillraceError('INVALID_SETTING', 'the transaction timeout is not one that the broker grants', {
    expected: `at most ${longestTransaction} ms`,
    found: `${transactionTimeoutMs} ms`,
    next: 'Use a shorter transaction timeout.',
  });
}
