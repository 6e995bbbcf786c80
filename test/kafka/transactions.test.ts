import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCommitted } from '../../scripts/kafka/readCommitted.ts';
import { type KafkaCluster, startKafka } from '../../scripts/kafka/startKafka.ts';
import { noHeaders } from '../../src/dsl/message.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Producer, Transport } from '../../src/runtime/transport/transport.ts';
import { eventually } from '../kit/eventually.ts';
import { javaMissing } from './brokers.ts';

/** What a broker does with transactions when it is told to be quick about it: a cluster of its own. */
describe.skipIf(javaMissing)('a transactional producer', () => {
  let cluster: KafkaCluster;
  let transport: Transport;

  beforeAll(async () => {
    cluster = await startKafka({
      nodes: 1,
      config: {
        'transactional.id.expiration.ms': 2000,
        'transaction.remove.expired.transaction.cleanup.interval.ms': 200,
      },
    });
    transport = kafkaTransport({ brokers: cluster.brokers }, systemClock);
    await transport.connect();
  });
  afterAll(async () => {
    await transport?.close();
    await cluster?.stop();
  });

  const write = (producer: Producer, topic: string, value: string): void =>
    producer.append(topic, 0, null, value, systemClock.now(), noHeaders);

  it('that was idle until the broker forgot it says so, and the next of its id goes on', async () => {
    const topic = 'forgotten';
    await transport.admin.create([{ topic, partitions: 1 }]);
    const id = { transactionalId: topic };
    let producer = await transport.producer(id);
    const written: string[] = [];
    let lost: unknown;
    for (let idleMs = 500; lost === undefined && idleMs < 60_000; idleMs *= 2) {
      write(producer, topic, `${idleMs}`);
      lost = await producer.commit(undefined).catch((error: unknown) => error);
      if (lost === undefined) written.push(`${idleMs}`);
      await delay(systemClock, idleMs);
    }
    expect(lost).toMatchObject({ code: 'PRODUCER_LOST', details: { found: 'INVALID_PRODUCER_ID_MAPPING' } });
    await producer.abort();
    producer = await transport.producer(id);
    write(producer, topic, 'again');
    await producer.commit(undefined);
    await producer.close();
    const seen = await readCommitted(cluster.brokers, topic);
    expect(seen.map(({ value }) => value)).toEqual([...written, 'again']);
  });

  it('is refused a transaction that may last longer than the broker allows, with what to change', async () => {
    const opening = transport.producer({ transactionalId: 'patient', transactionTimeoutMs: 960_000 });
    await expect(opening).rejects.toMatchObject({
      code: 'INVALID_SETTING',
      details: { found: 'INVALID_TRANSACTION_TIMEOUT', next: expect.stringContaining('transactionTimeout') },
    });
  });

  it('that has died leaves nothing open behind it, long before its time limit', async () => {
    const topic = 'left-open';
    await transport.admin.create([
      { topic, partitions: 1 },
      { topic: `${topic}-small`, partitions: 1, config: { 'max.message.bytes': '1000' } },
    ]);
    const producer = await transport.producer({ transactionalId: topic, transactionTimeoutMs: 600_000 });
    write(producer, topic, 'aborted');
    await producer.flush();
    write(producer, `${topic}-small`, 'x'.repeat(2000));
    await expect(producer.flush()).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    await producer.abort();
    const partition = { topic, partition: 0 };
    await eventually(systemClock, async () => {
      const [stable] = await transport.admin.endOffsets([partition], 'committed');
      return stable === 2; // the record and the marker
    });
    expect(await readCommitted(cluster.brokers, topic)).toEqual([]);
  });
});
