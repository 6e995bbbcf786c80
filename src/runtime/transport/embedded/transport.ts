import { MillraceError } from '../../../errors.ts';
import type {
  CommittedOffset,
  Member,
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
import { EmbeddedProducer } from './producer.ts';
import { EmbeddedReader } from './reader.ts';

/** ms, as Kafka's default. */
const transactionTimeout = 60_000;

/** One client of an embedded broker. */
export class EmbeddedTransport implements Transport {
  readonly kind = 'embedded';
  readonly admin: TopicAdmin;
  readonly #broker: Broker;
  readonly #connection: Connection;
  /** What close() ends in order; crash() needs no list. */
  readonly #open = new Set<{ close(): Promise<void> }>();

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
    return this.#opened(new EmbeddedReader(this.#broker, this.#connection, options));
  }

  async producer(options: ProducerOptions): Promise<Producer> {
    const { transactionalId, transactionTimeoutMs = transactionTimeout } = options;
    const identity = await this.#connection.insist({ api: 'initProducerId', transactionalId }, () =>
      transactionalId === undefined
        ? { transactionalId, producerId: this.#broker.newProducerId(), epoch: 0 }
        : this.#broker.transactions.begin(transactionalId, transactionTimeoutMs),
    );
    return this.#opened(new EmbeddedProducer(this.#broker, this.#connection, identity));
  }

  member(_options: MemberOptions): Member {
    throw new MillraceError('INTERNAL', 'the embedded broker has no groups yet', { next: 'Wait for them.' });
  }

  committed(group: string, partitions: readonly TopicPartition[]): Promise<(CommittedOffset | undefined)[]> {
    const { closed } = this.#connection;
    return this.#connection.insist({ api: 'offsetFetch', group }, () =>
      this.#broker.groups.offsets.fetch(group, partitions, closed),
    );
  }

  crash(): void {
    this.#connection.close();
    this.#open.clear();
  }

  async close(): Promise<void> {
    if (this.#connection.closed.aborted) return;
    for (const one of this.#open) await one.close();
    this.crash();
  }

  #opened<T extends { close(): Promise<void> }>(one: T): T {
    this.#open.add(one);
    return one;
  }
}
