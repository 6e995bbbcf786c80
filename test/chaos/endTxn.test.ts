import { describe, expect, it } from 'vitest';
import { readCommitted } from '../../scripts/kafka/readCommitted.ts';
import { type KafkaCluster, startKafka } from '../../scripts/kafka/startKafka.ts';
import { noHeaders } from '../../src/dsl/message.ts';
import { MillraceError } from '../../src/errors.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Producer, Transport } from '../../src/runtime/transport/transport.ts';
import { type Fate, type FaultProxy, faultProxy } from '../kafka/faultProxy.ts';

const endTxn = 26;
const rounds = 20;
const perTransaction = 10;
const topic = 'ids';
const group = 'ids';
const source = { topic: 'source', partition: 0 };

type Strike = (coordinator: Coordinator) => Fate | Promise<Fate>;

/** The broker that a commit is on its way to. */
interface Coordinator {
  kill(): Promise<void>;
  pause(ms: number): Promise<void>;
}

/** What becomes of a coordinator when a commit is on its way to it. */
const strikes: Readonly<Record<string, Strike>> = {
  'is killed before it hears of it': async (coordinator): Promise<Fate> => {
    await coordinator.kill();
    return 'cut';
  },
  'is killed while it hears of it': (coordinator) => ({ sent: () => void coordinator.kill() }),
  'is killed when it has answered, and the answer is lost': (coordinator) => ({
    answered: async (): Promise<'lose'> => {
      await coordinator.kill();
      return 'lose';
    },
  }),
  'stands still until it is no longer the coordinator, and then reads it': async (
    coordinator,
  ): Promise<Fate> => {
    await coordinator.pause(8_000);
    return 'pass';
  },
  'answers, and the answer is lost': () => ({ answered: () => 'lose' }),
};

describe('a transactional producer whose coordinator is struck at EndTxn', () => {
  it(`lets fencing decide, ${rounds} times, and every id counts once`, { timeout: 1_800_000 }, async () => {
    await using cleanup = new AsyncDisposableStack();
    const cluster = await startKafka({ nodes: 3, listeners: { FAULTY: 'PLAINTEXT' }, proxied: ['FAULTY'] });
    cleanup.defer(() => cluster.stop());
    const listening = cluster.listener('FAULTY');
    const advertised = cluster.advertised('FAULTY');
    const proxy = await faultProxy(advertised.map((from, index) => ({ from, to: listening[index]! })));
    cleanup.defer(() => proxy.close());
    const transport = kafkaTransport({ brokers: advertised, requestTimeoutMs: 5_000 }, systemClock);
    await transport.connect();
    cleanup.defer(() => transport.close());
    await transport.admin.create([
      { topic, partitions: 3 },
      { topic: source.topic, partitions: 1 },
    ]);

    const run = new Run(cluster, proxy, transport);
    const tally: Record<string, string[]> = {};
    for (let round = 0; round < rounds; round++) {
      const [name, strike] = Object.entries(strikes)[round % Object.keys(strikes).length]!;
      const found = await run.strike(strike);
      tally[name] = [...(tally[name] ?? []), found];
    }
    await run.plain();
    console.log(tally);

    const records = await readCommitted(cluster.brokers, topic);
    const ids = records.map(({ value }) => Number(value)).sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: run.next }, (_, id) => id));
    expect(await transport.committed(group, [source])).toMatchObject([{ offset: run.next }]);
    expect(run.next).toBe((2 * rounds + 1) * perTransaction);
    // Of a commit whose answer is lost, and of one that never arrived, it is known what the fence must find.
    expect(new Set(tally['answers, and the answer is lost'])).toEqual(new Set(['committed']));
    expect(new Set(tally['is killed before it hears of it'])).toEqual(new Set(['aborted']));
  });
});

/** A task that writes the numbers from 0 on, with its position in each transaction. */
class Run {
  next = 0;
  readonly #cluster: KafkaCluster;
  readonly #proxy: FaultProxy;
  readonly #transport: Transport;
  #producer: Producer | undefined;

  constructor(cluster: KafkaCluster, proxy: FaultProxy, transport: Transport) {
    this.#cluster = cluster;
    this.#proxy = proxy;
    this.#transport = transport;
  }

  /** One transaction that is left alone. */
  async plain(): Promise<void> {
    const end = this.next + perTransaction;
    while (this.next < end) {
      try {
        await this.#commitTo(end);
      } catch (error) {
        await this.#begin(error);
      }
    }
  }

  /** One that is left alone, and one that is struck; the answer is what became of it, as its answer or the fence told. */
  async strike(strike: Strike): Promise<string> {
    await this.plain();
    const { next } = this;
    let healed: () => Promise<void> = async () => {};
    let struck = false;
    this.#proxy.fault = ({ apiKey, broker }) => {
      if (apiKey !== endTxn || struck) return 'pass';
      struck = true;
      return strike({
        kill: () => {
          healed = () => this.#cluster.restart(broker);
          return this.#cluster.kill(broker, 'SIGKILL');
        },
        pause: (ms) => {
          const over = delay(systemClock, ms).then(() => this.#cluster.kill(broker, 'SIGCONT'));
          healed = () => over;
          return this.#cluster.kill(broker, 'SIGSTOP');
        },
      });
    };
    const failure = await this.#commitTo(next + perTransaction).catch((error: unknown) => error);
    let found = 'answered';
    if (failure !== undefined) {
      expect(failure).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await this.#begin(failure);
      found = this.next > next ? 'committed' : 'aborted';
    }
    if (found === 'aborted') await this.plain();
    await healed();
    return found;
  }

  async #commitTo(end: number): Promise<void> {
    const producer = this.#producer ?? (await this.#open());
    for (let id = this.next; id < end; id++) {
      producer.append(topic, id % 3, null, `${id}`, systemClock.now(), noHeaders);
    }
    const offsets = [{ ...source, offset: end, metadata: '' }];
    await producer.commit({ group, generation: -1, memberId: '', offsets });
    this.next = end;
  }

  /** Throws the producer away; fences, and then reads where things stand. */
  async #begin(error: unknown): Promise<void> {
    for (let cause = error; ; ) {
      if (!(cause instanceof MillraceError) || cause.code === 'FENCED') throw cause;
      await this.#producer?.abort().catch(() => undefined);
      this.#producer = undefined;
      try {
        await this.#open();
        const [position] = await this.#transport.committed(group, [source]);
        this.next = position?.offset ?? 0;
        return;
      } catch (further) {
        cause = further;
      }
    }
  }

  async #open(): Promise<Producer> {
    const options = { transactionalId: 'ids', transactionTimeoutMs: 60_000 };
    this.#producer = await this.#transport.producer(options);
    return this.#producer;
  }
}
