import type { Encoded } from '../../../dsl/codecs/codec.ts';
import type { Headers } from '../../../dsl/message.ts';
import { MillraceError } from '../../../errors.ts';
import type { OffsetsToCommit, Producer } from '../transport.ts';
import type { Append } from './appends.ts';
import type { Broker } from './broker.ts';
import { type Connection, isTransient, isUnknown, transportClosed } from './connection.ts';
import { Outgoing } from './outgoing.ts';
import type { Identity } from './transactions.ts';

/** ms an appended record may wait for others before it is sent. */
const lingerMs = 5;

/** Collects records by partition and sends them one request after the other, each kind of call behind the last. */
export class EmbeddedProducer implements Producer {
  readonly #broker: Broker;
  readonly #connection: Connection;
  readonly #identity: Identity;
  readonly #outgoing: Outgoing;
  readonly #ends = new Map<string, number>();
  /** Sent and not acknowledged, or waiting for its turn. */
  #bytesSent = 0;
  #last: Promise<void> = Promise.resolve();
  #dead: unknown;
  /** Something was written, or positions were sent, since the last transaction ended. */
  #isOpen = false;
  #cancelLinger: (() => void) | undefined;

  constructor(broker: Broker, connection: Connection, identity: Identity) {
    this.#broker = broker;
    this.#connection = connection;
    this.#identity = identity;
    this.#outgoing = new Outgoing(broker.topics);
    connection.opened(this);
  }

  get producerId(): number {
    return this.#identity.producerId;
  }

  get pendingBytes(): number {
    return this.#outgoing.bytes + this.#bytesSent;
  }

  partitions(topic: string): number | undefined {
    return this.#connection.known.get(topic);
  }

  end(topic: string, partition: number): number | undefined {
    return this.#ends.get(`${partition}:${topic}`);
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
    const full = this.#outgoing.add(topic, partition, key, value, timestamp, headers);
    if (full !== undefined) void this.#send([full]);
    else this.#cancelLinger ??= this.#connection.clock.after(lingerMs, () => void this.#sendAll());
  }

  flush(): Promise<void> {
    return this.#sendAll();
  }

  commit(offsets: OffsetsToCommit | undefined): Promise<void> {
    if (this.#identity.transactionalId === undefined) return Promise.reject(notTransactional());
    void this.#sendAll();
    return this.#inTurn(async () => {
      if (offsets !== undefined && offsets.offsets.length > 0) await this.#sendOffsets(offsets);
      if (this.#isOpen) await this.#end();
    });
  }

  abort(): Promise<void> {
    this.#outgoing.clear();
    return this.#finish(async () => {
      if (!this.#isOpen) return;
      try {
        await this.#connection.insist(this.#call('endTxn'), () => this.#ended('abort'));
      } catch (error) {
        // Whoever has fenced this producer has aborted its transaction as well.
        if (!isFenced(error)) throw error;
      }
    });
  }

  close(): Promise<void> {
    if (this.#identity.transactionalId !== undefined) return this.abort();
    const sent = this.#sendAll();
    return this.#finish(() => sent);
  }

  crashed(): void {
    this.#die(transportClosed());
  }

  #sendAll(): Promise<void> {
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    return this.#send(this.#outgoing.take());
  }

  #send(appends: readonly Append[]): Promise<void> {
    let bytes = 0;
    for (const { records } of appends) bytes += records.bytes;
    this.#bytesSent += bytes;
    return this.#inTurn(async () => {
      if (appends.length === 0) return;
      this.#isOpen = this.#identity.transactionalId !== undefined;
      const write = (): number[] => this.#broker.appends.write(this.#identity, appends);
      const ends = await this.#connection.insist(this.#call('produce'), write);
      appends.forEach(({ topic, partition }, index) => {
        this.#ends.set(`${partition}:${topic}`, ends[index]!);
      });
      this.#bytesSent -= bytes;
    });
  }

  async #sendOffsets(offsets: OffsetsToCommit): Promise<void> {
    this.#isOpen = true;
    const call = { ...this.#call('txnOffsetCommit'), group: offsets.group };
    await this.#connection.insist(call, () => this.#broker.transactions.sendOffsets(this.#identity, offsets));
  }

  /** Never repeated once it may have been heard: by then the epoch may speak of the next transaction. */
  async #end(): Promise<void> {
    for (;;) {
      try {
        await this.#connection.call(this.#call('endTxn'), () => this.#ended('commit'));
        this.#isOpen = false;
        return;
      } catch (error) {
        if (!isTransient(error) || isUnknown(error)) throw error;
        await this.#connection.backoff();
      }
    }
  }

  #ended(how: 'commit' | 'abort'): void {
    this.#broker.transactions.end(this.#identity, how);
  }

  #call(api: 'produce' | 'txnOffsetCommit' | 'endTxn'): {
    api: typeof api;
    transactionalId: string | undefined;
  } {
    return { api, transactionalId: this.#identity.transactionalId };
  }

  /** Behind everything asked for before; the first failure is the answer to all that follows. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(() => {
      if (this.#dead !== undefined) throw this.#dead;
      return step();
    });
    this.#last = turn.catch((error) => this.#die(error));
    return turn;
  }

  async #finish(step: () => Promise<void>): Promise<void> {
    await this.#last;
    const isAlive = this.#dead === undefined;
    this.#die(transportClosed());
    // A producer that has failed leaves its transaction to the next of its id, or to the time limit.
    if (isAlive) await step();
  }

  #die(error: unknown): void {
    this.#dead ??= error;
    this.#connection.ended(this);
    this.#outgoing.clear();
    this.#bytesSent = 0;
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'FENCED';
}

function notTransactional(): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', 'this producer has no transactions', {
    next: 'Open it with a transactionalId, or call flush().',
  });
}
