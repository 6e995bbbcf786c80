import { noHeaders } from '../../src/dsl/message.ts';
import { MillraceError } from '../../src/errors.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import type { Producer, Transport } from '../../src/runtime/transport/transport.ts';
import { entryCodecs, entryOf, firstAborted, keyOf } from './workload.ts';

export interface FeedOptions {
  readonly transport: Transport;
  readonly topic: string;
  /** Begins the transactional ids. */
  readonly prefix: string;
  readonly records: number;
  readonly perSecond: number;
  readonly random: () => number;
}

const aborters = 3;
const mostAtOnce = 300;

/**
 * Fills the input: some records outside of transactions, some in committed ones, and beside them records of several
 * transactions at a time that are all aborted, in order or by their successor after a crash.
 */
export class Feed {
  /** Ids that are in the topic for sure. */
  readonly sure: Set<number> = new Set();
  /** Chunks whose fate nobody knows; those of a transaction are there as a whole or not at all. */
  readonly maybe: { readonly whole: boolean; readonly ids: readonly number[] }[] = [];
  aborted = 0;
  /** What ended the feed before it was through. */
  failure: unknown;
  /** Errors of producers, each with how often it was seen. */
  readonly errors: Map<string, number> = new Map();
  readonly #options: FeedOptions;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #next = 0;
  #nextAborted = firstAborted;

  constructor(options: FeedOptions) {
    this.#options = options;
    const feeding = this.#feed().finally(() => this.#stopping.abort(new Error('The feed is through')));
    const aborting = Array.from({ length: aborters }, (_, index) => this.#abort(`aborter-${index}`));
    this.#done = Promise.all([feeding, ...aborting]).then(() => {});
    this.#done.catch((error: unknown) => {
      this.failure = error;
    });
  }

  /** Records it has tried to write, the aborted ones not counted. */
  get fed(): number {
    return this.#next;
  }

  get over(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Resolves when all is written, or as much as was when it was stopped. */
  done(): Promise<void> {
    return this.#done;
  }

  stop(): void {
    this.#stopping.abort(new Error('The feed was stopped'));
  }

  async #feed(): Promise<void> {
    const { records, perSecond, random } = this.#options;
    const plain = new Writer(this.#options, undefined, this.errors);
    const transactional = new Writer(this.#options, 'feeder', this.errors);
    const begun = systemClock.monotonic();
    while (this.#next < records && !this.#stopping.signal.aborted) {
      const due = Math.min(records, Math.ceil(((systemClock.monotonic() - begun) / 1000) * perSecond));
      const count = Math.min(due - this.#next, 1 + Math.floor(random() * mostAtOnce));
      if (count <= 0) {
        await delay(systemClock, 5);
        continue;
      }
      const ids = Array.from({ length: count }, (_, index) => this.#next + index);
      this.#next += count;
      const writer = random() < 0.5 ? plain : transactional;
      const written = await writer.write(ids, async (producer) => {
        if (writer === plain) await producer.flush();
        else await producer.commit(undefined);
      });
      if (written) for (const id of ids) this.sure.add(id);
      else this.maybe.push({ whole: writer === transactional, ids });
    }
    await plain.close();
    await transactional.close();
  }

  async #abort(name: string): Promise<void> {
    const { random } = this.#options;
    const writer = new Writer(this.#options, name, this.errors);
    while (!this.#stopping.signal.aborted) {
      const ids = Array.from({ length: 1 + Math.floor(random() * 20) }, () => this.#nextAborted++);
      const [held, crashes] = [random() * 300, random() < 0.2];
      this.aborted += ids.length;
      await writer.write(ids, async (producer) => {
        await producer.flush();
        await delay(systemClock, held);
        // Else the next producer of this id aborts what was left open.
        if (!crashes) await producer.abort();
      });
      writer.forget();
      await delay(systemClock, random() * 200);
    }
    await writer.close();
  }
}

/** Writes with one producer until that fails, then with the next. */
class Writer {
  readonly #options: FeedOptions;
  readonly #id: string | undefined;
  readonly #errors: Map<string, number>;
  #producer: Producer | undefined;
  #left: Producer | undefined;

  constructor(options: FeedOptions, id: string | undefined, errors: Map<string, number>) {
    this.#options = options;
    this.#errors = errors;
    this.#id = id === undefined ? undefined : `${options.prefix}${id}`;
  }

  /** false: nobody knows what of it is in the topic. */
  async write(ids: readonly number[], finish: (producer: Producer) => Promise<void>): Promise<boolean> {
    const { topic } = this.#options;
    const producer = await this.#open();
    try {
      for (const id of ids) {
        const value = entryCodecs.value.encode(entryOf(id));
        producer.append(topic, undefined, keyOf(id), value, systemClock.now(), noHeaders);
      }
      await finish(producer);
      return true;
    } catch (error) {
      this.#count(error);
      this.forget();
      return false;
    }
  }

  #count(error: unknown): void {
    const what = error instanceof MillraceError ? error.code : String(error);
    this.#errors.set(what, (this.#errors.get(what) ?? 0) + 1);
  }

  async #open(): Promise<Producer> {
    const id = this.#id;
    const deadline = systemClock.monotonic() + 120_000;
    for (;;) {
      try {
        this.#producer ??= await this.#options.transport.producer(
          id === undefined ? {} : { transactionalId: id, transactionTimeoutMs: 10_000 },
        );
        await this.#left?.close();
        this.#left = undefined;
        return this.#producer;
      } catch (error) {
        this.#count(error);
        if (systemClock.monotonic() > deadline) throw error;
      }
      await delay(systemClock, 100);
    }
  }

  /** As a crash leaves it: nobody ends its transaction before the next one is there. */
  forget(): void {
    this.#left ??= this.#producer;
    this.#producer = undefined;
  }

  async close(): Promise<void> {
    if (this.#id !== undefined) await this.#open(); // aborts what was left open
    await this.#producer?.close();
  }
}
