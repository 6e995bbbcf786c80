import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../../src/dsl/message.ts';
import type { MillraceError } from '../../../../src/errors.ts';
import { type VirtualClock, virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { createReader } from '../../../../src/runtime/transport/kafka/fetcher.ts';
import { createProducer } from '../../../../src/runtime/transport/kafka/producer.ts';
import type { Producer, ProducerOptions } from '../../../../src/runtime/transport/transport.ts';
import { api, type Call, type Fault, ModelCluster } from './modelCluster.ts';
import type { ModelLog } from './modelLog.ts';

interface Scene {
  readonly clock: VirtualClock;
  readonly cluster: ModelCluster;
  readonly logs: ModelLog[];
  readonly producer: Producer;
}

async function scene(leaders: readonly number[], options: ProducerOptions = {}): Promise<Scene> {
  const clock = virtualClock();
  const cluster = new ModelCluster(clock);
  const logs = cluster.topic('orders', ...leaders);
  const producer = await clock.run(createProducer(cluster, options, clock));
  return { clock, cluster, logs, producer };
}

function append(producer: Producer, partition: number, ...values: readonly string[]): void {
  for (const value of values) producer.append('orders', partition, null, value, 1000, noHeaders);
}

function count(cluster: ModelCluster, apiKey: number): number {
  return cluster.calls.filter((call) => call.apiKey === apiKey).length;
}

/** What a reader sees of a partition, once nothing fails any more. */
async function written({ clock, cluster }: Scene, partition: number): Promise<string[]> {
  cluster.fault = () => undefined;
  const reader = createReader(cluster, { isolation: 'uncommitted', maxBytes: 1_000_000 }, clock);
  const of = { topic: 'orders', partition };
  reader.assign([{ ...of, offset: 0 }]);
  const values: string[] = [];
  const reading = async () => {
    while (reader.position(of) < (reader.end(of) ?? 1)) {
      for (const batch of await reader.poll(1000)) while (batch.next()) values.push(batch.valueText()!);
    }
  };
  await clock.run(reading());
  await reader.close();
  return values;
}

/** Faults of the first requests of one API. */
function failing(apiKey: number, ...faults: readonly Fault[]): (call: Call) => Fault {
  return (call) => (call.apiKey === apiKey ? faults[call.before] : undefined);
}

describe('createProducer', () => {
  it('writes each record once and in order, whatever is lost, late, refused or led elsewhere', async () => {
    const fault = fc.oneof(
      { weight: 6, arbitrary: fc.constant<Fault>(undefined) },
      fc.constantFrom<Fault>('not sent', 'answer lost', 6, 3, 7, 19, 20, 2, 74),
      fc.constantFrom<Fault>(
        { doneAndSaid: 6 },
        { doneAndSaid: 7 },
        { doneAndSaid: 20 },
        { doneAndSaid: 56 },
      ),
      fc.constantFrom<Fault>({ doneAfterMs: 15 }, { doneAfterMs: 70 }, { doneAfterMs: 1500 }),
    );
    const faults = fc.array(fault, { minLength: 1, maxLength: 60 });
    // From a record to a batch, with several under way, to all in one.
    const batchBytes = fc.constantFrom(1, 100, 300, 1000, 1_000_000);
    const latency = fc.constantFrom(1, 5, 40);
    const moves = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 })), {
      maxLength: 10,
    });
    const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 5 })), {
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(faults, moves, writes, batchBytes, latency, async (fault, move, write, bytes, ms) => {
        const all = await scene([1, 2, 3, 1], { batchBytes: bytes });
        const { clock, cluster, logs, producer } = all;
        cluster.latencyMs = ms;
        cluster.fault = failing(api.produce, ...fault);
        for (const [index, [partition, leader]] of move.entries()) {
          clock.after(9 * index, () => logs[partition]!.moveTo(leader));
        }
        const expected: string[][] = [[], [], [], []];
        const writing = async () => {
          for (const [index, [partition, records]] of write.entries()) {
            const values = Array.from({ length: records }, (_, record) => `${index}.${record}`);
            expected[partition]!.push(...values);
            append(producer, partition, ...values);
            if (index % 3 === 0) await clock.breathe();
            if (index % 7 === 0) await producer.flush();
          }
          await producer.flush();
        };
        await clock.run(writing());
        await clock.advance(5000); // what comes late has come
        for (const [partition, values] of expected.entries()) {
          expect(await written(all, partition)).toEqual(values);
          expect(producer.end('orders', partition)).toBe(values.length || undefined);
        }
        expect(producer.pendingBytes).toBe(0);
      }),
      { numRuns: 200 },
    );
  }, 30_000);

  it('repeats for one leader without repeating for another', async () => {
    const all = await scene([1, 2]);
    const { clock, cluster, logs, producer } = all;
    // Leader 1 says that it is not, leader 2 answers late: the case in which kafkajs writes twice.
    let refused = false;
    cluster.fault = ({ apiKey, node }) => {
      if (apiKey !== api.produce) return undefined;
      if (node === 2) return { doneAfterMs: 400 };
      if (refused) return undefined;
      refused = true;
      logs[0]!.moveTo(3);
      return 6;
    };
    append(producer, 0, 'x');
    append(producer, 1, 'y');
    const flushed = producer.flush();
    await clock.advance(800);
    cluster.fault = () => undefined;
    await clock.run(flushed);
    expect([await written(all, 0), await written(all, 1)]).toEqual([['x'], ['y']]);
  });

  it('does not begin its numbers anew where a batch in doubt may be in the log', async () => {
    const { clock, cluster, logs, producer } = await scene([1]);
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    cluster.fault = ({ apiKey, before }) =>
      apiKey === api.produce ? [undefined, { doneAfterMs: 5000 }, 45][before] : undefined;
    append(producer, 0, 'b');
    const error = await clock.run(producer.flush().catch((reason: unknown) => reason));
    expect(error).toMatchObject({ code: 'PRODUCER_LOST', details: { topic: 'orders', partition: 0 } });
    expect(String(error)).toContain('OUT_OF_ORDER_SEQUENCE_NUMBER');
    await clock.advance(6000);
    expect(logs[0]!.end).toBe(2);
  });

  it('goes on, in order, where the broker has lost what it had acknowledged, and nothing is in doubt', async () => {
    const all = await scene([1], { batchBytes: 100 });
    const { clock, cluster, producer } = all;
    cluster.latencyMs = 20;
    cluster.fault = ({ apiKey, before }) => (apiKey === api.produce && before === 1 ? 45 : undefined);
    const values = Array.from({ length: 9 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    append(producer, 0, ...values);
    await clock.run(producer.flush());
    expect(await written(all, 0)).toEqual(values);
  });

  it('finds out what is in the log of a broker that knows the last batch only', async () => {
    for (const lostFrom of [1, 2, 3, 4]) {
      const all = await scene([1], { batchBytes: 100 });
      const { clock, cluster, logs, producer } = all;
      cluster.latencyMs = 50;
      const values = Array.from({ length: 9 }, (_, index) => `${index} ${'x'.repeat(100)}`);
      // The first is written, then five are under way, of which some arrive; no answer does.
      cluster.fault = ({ apiKey, before }) => {
        if (apiKey !== api.produce || before === 0 || before > 5) return undefined;
        return before > lostFrom ? 'not sent' : { doneAfterMs: 21 };
      };
      append(producer, 0, ...values);
      const flushed = producer.flush();
      await clock.advance(230);
      expect(logs[0]!.end).toBe(1 + lostFrom);
      logs[0]!.comeBack();
      await clock.run(flushed);
      expect(await written(all, 0)).toEqual(values);
      expect(producer.end('orders', 0)).toBe(9);
    }
  });

  it('has up to five batches of a partition under way once the leader has taken one', async () => {
    const all = await scene([1], { batchBytes: 100 });
    const { clock, cluster, producer } = all;
    cluster.latencyMs = 50;
    const values = Array.from({ length: 20 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    append(producer, 0, ...values);
    const flushed = producer.flush();
    await clock.advance(60);
    expect(count(cluster, api.produce)).toBe(1);
    await clock.advance(100);
    expect(count(cluster, api.produce)).toBe(6);
    const start = clock.monotonic();
    await clock.run(flushed);
    expect(count(cluster, api.produce)).toBe(20);
    // 19 batches in rounds of five take four rounds of 100 ms.
    expect(clock.monotonic() - start).toBeLessThanOrEqual(400);
    expect(await written(all, 0)).toEqual(values);
  });

  it('sends several requests to one leader at a time, and lets what is merely due grow behind others', async () => {
    const { clock, cluster, producer } = await scene([1, 1, 1, 1]);
    for (let partition = 0; partition < 4; partition++) append(producer, partition, 'leaders are known then');
    await clock.run(producer.flush());
    const before = count(cluster, api.produce);
    cluster.latencyMs = 50;
    for (let partition = 0; partition < 4; partition++) {
      append(producer, partition, 'x'.repeat(100));
      await clock.advance(6);
    }
    expect(count(cluster, api.produce) - before).toBe(4);
    append(producer, 0, 'y');
    await clock.advance(20);
    append(producer, 0, 'z');
    await clock.advance(20);
    expect(count(cluster, api.produce) - before).toBe(4);
    await clock.run(producer.flush());
    expect(count(cluster, api.produce) - before).toBe(5);
  });

  it('keeps the order of five batches under way of which the first is refused or lost', async () => {
    for (const fault of [
      6,
      20,
      'answer lost',
      'not sent',
      { doneAfterMs: 700 },
      { doneAndSaid: 7 },
    ] as const) {
      const all = await scene([1], { batchBytes: 100 });
      const { clock, cluster, producer } = all;
      cluster.latencyMs = 50;
      cluster.fault = ({ apiKey, before }) => (apiKey === api.produce && before === 1 ? fault : undefined);
      const values = Array.from({ length: 12 }, (_, index) => `${index} ${'x'.repeat(100)}`);
      append(producer, 0, ...values);
      await clock.run(producer.flush());
      await clock.advance(2000);
      expect([fault, await written(all, 0)]).toEqual([fault, values]);
      expect(producer.end('orders', 0)).toBe(12);
    }
  });

  it('sends a few milliseconds after the first record, a full batch at once', async () => {
    const { clock, cluster, producer } = await scene([1]);
    append(producer, 0, 'a');
    await clock.advance(3);
    append(producer, 0, 'b');
    expect(count(cluster, api.produce)).toBe(0);
    await clock.advance(3);
    expect(count(cluster, api.produce)).toBe(1);
    await clock.advance(100);
    const large = 'x'.repeat(600_000);
    append(producer, 0, large, large);
    await clock.advance(0);
    expect(count(cluster, api.produce)).toBe(2);
    expect(producer.pendingBytes).toBeGreaterThan(1_200_000);
  });

  it('waits with flush() for what was appended before, not for what came after', async () => {
    const { clock, cluster, producer } = await scene([1, 2]);
    cluster.fault = ({ apiKey, node }) => (apiKey === api.produce && node === 2 ? 'not sent' : undefined);
    append(producer, 0, 'a');
    const flushed = producer.flush();
    append(producer, 1, 'b');
    await clock.run(flushed);
    expect([producer.end('orders', 0), producer.end('orders', 1)]).toEqual([1, undefined]);
  });

  it('gives up after a while, says what stood in the way, and is dead', async () => {
    const { clock, cluster, producer } = await scene([1], { deliveryTimeoutMs: 2000 });
    cluster.fault = ({ apiKey }) => (apiKey === api.produce ? 19 : undefined);
    append(producer, 0, 'a');
    const error = await clock.run(producer.flush().catch((reason: unknown) => reason));
    expect(error).toMatchObject({ code: 'DELIVERY_TIMEOUT', details: { topic: 'orders', partition: 0 } });
    expect(String(error)).toMatch(/not taken for 20\d\d ms.*Cause: .*NOT_ENOUGH_REPLICAS/s);
    expect(clock.monotonic()).toBeGreaterThan(2000);
    expect(clock.monotonic()).toBeLessThan(2100);
    expect(() => append(producer, 0, 'b')).toThrow(error as Error);
    await expect(producer.flush()).rejects.toBe(error);
    expect(producer.pendingBytes).toBe(0);
  });

  it('gives up in time although a request is under way that nobody answers', async () => {
    const { clock, cluster, producer } = await scene([1], { deliveryTimeoutMs: 2000 });
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    cluster.latencyMs = 50_000;
    append(producer, 0, 'b');
    const start = clock.monotonic();
    const failure = producer.flush().catch((reason: unknown) => reason);
    expect(await clock.run(failure)).toMatchObject({
      code: 'DELIVERY_TIMEOUT',
      details: { found: 'no answer of the leader' },
    });
    expect(clock.monotonic() - start).toBe(2000);
  });

  it('waits two minutes for a leader unless told otherwise', async () => {
    const { clock, cluster, logs, producer } = await scene([1]);
    logs[0]!.moveTo(-1);
    append(producer, 0, 'a');
    const failure = producer.flush().catch((reason: unknown) => reason);
    await clock.advance(119_000);
    expect(producer.pendingBytes).toBeGreaterThan(0);
    expect(await clock.run(failure)).toMatchObject({
      code: 'DELIVERY_TIMEOUT',
      details: { topic: 'orders', partition: 0, found: 'no leader of the partition' },
    });
    expect([clock.monotonic() < 120_100, count(cluster, api.produce)]).toEqual([true, 0]);
  });

  it('tells of what failed in the background when it is next used', async () => {
    const { clock, cluster, producer } = await scene([1]);
    cluster.fault = failing(api.produce, 87); // INVALID_RECORD
    append(producer, 0, 'a');
    await clock.advance(100);
    expect(() => append(producer, 0, 'b')).toThrow(expect.objectContaining({ code: 'BROKER_REFUSED' }));
    await expect(producer.flush()).rejects.toThrow('INVALID_RECORD');
  });

  it('splits what the broker finds too large, until it fits, and keeps the order', async () => {
    const all = await scene([1]);
    const { clock, logs, producer } = all;
    logs[0]!.maxBatchBytes = 2000;
    const values = Array.from({ length: 50 }, (_, index) => `${index} ${'x'.repeat((index * 37) % 1500)}`);
    append(producer, 0, ...values);
    await clock.run(producer.flush());
    append(producer, 0, ...values);
    await clock.run(producer.flush());
    expect(await written(all, 0)).toEqual([...values, ...values]);
    expect(producer.end('orders', 0)).toBe(100);
  });

  it('names topic, sizes and limit of a record that is too large by itself', async () => {
    const { clock, logs, producer } = await scene([1]);
    logs[0]!.maxBatchBytes = 2000;
    producer.append('orders', 0, 'the key', 'x'.repeat(3000), 1000, noHeaders);
    append(producer, 0, 'behind it');
    const error = await clock.run(producer.flush().catch((reason: unknown) => reason));
    expect(error).toMatchObject({ code: 'RECORD_TOO_LARGE', details: { topic: 'orders', partition: 0 } });
    expect(String(error)).toMatch(
      /at most \? bytes.*Found: 3\d\d\d bytes: the key 7 of them, the value 3000/s,
    );
    expect(logs[0]!.end).toBe(0);
  });

  it('refuses what no request may hold before it is sent, once, and takes what comes after', async () => {
    const { clock, cluster, producer } = await scene([1], { maxRequestBytes: 2000, batchBytes: 1 << 20 });
    const value = 'x'.repeat(2000);
    const tooLarge = expect.objectContaining({ code: 'RECORD_TOO_LARGE' });
    append(producer, 0, 'a');
    expect(() => append(producer, 0, value)).toThrow(tooLarge);
    append(producer, 0, 'b');
    await clock.run(producer.flush());
    expect([producer.end('orders', 0), producer.pendingBytes]).toEqual([2, 0]);
    cluster.topic('unheard', 1);
    producer.append('unheard', undefined, 'key', value, 1000, noHeaders);
    const error = await clock.run(producer.flush().catch((reason: unknown) => reason));
    expect(error).toEqual(tooLarge);
    expect((error as MillraceError).details.topic).toBe('unheard');
  });

  it('sends no more in one request than it may hold', async () => {
    const options = { maxRequestBytes: 3000, batchBytes: 1000 };
    const { clock, cluster, producer } = await scene([1, 1, 1, 1, 1, 1], options);
    for (let partition = 0; partition < 6; partition++) append(producer, partition, 'x'.repeat(900));
    await clock.run(producer.flush());
    expect(count(cluster, api.produce)).toBe(2);
  });

  it('counts what is pending, exactly, until it is acknowledged', async () => {
    const { clock, cluster, producer } = await scene([1, 2], { batchBytes: 500 });
    cluster.latencyMs = 100;
    for (let index = 0; index < 50; index++) append(producer, index % 2, 'x'.repeat(100));
    cluster.topic('later', 1);
    producer.append('later', undefined, 'key', 'value', 1000, noHeaders);
    const pending = producer.pendingBytes;
    expect(pending).toBeGreaterThan(5000);
    expect(pending).toBeLessThan(7000);
    await clock.run(producer.flush());
    expect(producer.pendingBytes).toBe(0);
  });

  it('places records of a topic it has not heard of once it has, in order, from buffers of their own', async () => {
    const all = await scene([]);
    const { clock, cluster, producer } = all;
    cluster.logs.delete('orders');
    const value = Buffer.from('a');
    producer.append('orders', undefined, 'k', value, 1000, noHeaders);
    value.write('z');
    producer.append('orders', undefined, 'k', 'b', 1000, noHeaders);
    append(producer, 0, 'c');
    const flushed = producer.flush();
    clock.after(300, () => cluster.topic('orders', 1));
    await clock.run(flushed);
    expect(await written(all, 0)).toEqual(['a', 'b', 'c']);
    expect(producer.partitions('orders')).toBe(1);
  });

  it('notices partitions that were added, without an error, while it goes on writing', async () => {
    const all = await scene([1, 1]);
    const { clock, cluster, producer } = all;
    const write = async (): Promise<void> => {
      for (let index = 0; index < 12; index++)
        producer.append('orders', undefined, null, 'x', 1000, noHeaders);
      await clock.run(producer.flush());
    };
    await write();
    const looked = cluster.lookups;
    cluster.addPartitions('orders', 1);
    await write();
    expect([producer.partitions('orders'), cluster.lookups]).toEqual([2, looked]);
    for (let minute = 0; minute < 7; minute++) {
      await clock.advance(60_000);
      await write();
    }
    expect(producer.partitions('orders')).toBe(3);
    expect(producer.end('orders', 2)).toBeGreaterThan(0);
    expect(cluster.lookups).toBe(looked + 1);
  });

  it('tells of a topic that was deleted while it wrote to it', async () => {
    const { clock, cluster, producer } = await scene([1]);
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    cluster.logs.delete('orders');
    append(producer, 0, 'b');
    const error = await clock.run(producer.flush().catch((reason: unknown) => reason));
    expect(error).toMatchObject({ code: 'UNKNOWN_TOPIC', details: { topic: 'orders', partition: 0 } });
    expect(clock.monotonic()).toBeLessThan(3000);
  });

  it('goes on in a topic that was deleted and created anew, with batches of both under way', async () => {
    const all = await scene([1], { batchBytes: 100 });
    const { clock, cluster, producer } = all;
    cluster.latencyMs = 20;
    const values = Array.from({ length: 20 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    append(producer, 0, ...values);
    const flushed = producer.flush();
    await clock.advance(110);
    cluster.logs.delete('orders');
    await clock.advance(100);
    const [log] = cluster.topic('orders', 2);
    await clock.run(flushed);
    expect(log!.end).toBeGreaterThan(5);
    expect(await written({ ...all, logs: [log!] }, 0)).toEqual(values.slice(-log!.end));
    append(producer, 0, 'after');
    await clock.run(producer.flush());
    expect(producer.end('orders', 0)).toBe(log!.end);
  });

  it('refuses a timestamp no record can have, and goes on', async () => {
    const { clock, producer } = await scene([1]);
    for (const timestamp of [Number.NaN, -1, 1.5, 2 ** 60]) {
      expect(() => producer.append('orders', 0, null, 'x', timestamp, noHeaders)).toThrow(
        expect.objectContaining({ code: 'INVALID_TIMESTAMP' }),
      );
    }
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    expect(producer.end('orders', 0)).toBe(1);
  });

  it('closes its sockets, also when it was not let in', async () => {
    const { clock, cluster, producer } = await scene([1]);
    await clock.run(producer.close());
    expect(cluster.released).toHaveLength(1);
    cluster.fault = ({ apiKey }) => (apiKey === api.init ? 53 : undefined); // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    const refused = createProducer(cluster, { transactionalId: 'id' }, clock);
    await expect(clock.run(refused)).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(cluster.released).toHaveLength(2);
  });
});
