import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCommitted } from '../../scripts/kafka/readCommitted.ts';
import { type KafkaCluster, startKafka } from '../../scripts/kafka/startKafka.ts';
import { noHeaders } from '../../src/dsl/message.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Reader, Transport } from '../../src/runtime/transport/transport.ts';

/** Readers and writers while a broker stands still or is killed; a cluster of its own, for it does not survive unharmed. */
describe('kafkaTransport, when its broker fails', () => {
  let cluster: KafkaCluster;
  let transport: Transport;

  beforeAll(async () => {
    cluster = await startKafka({ nodes: 1 });
    transport = kafkaTransport({ brokers: cluster.brokers, requestTimeoutMs: 5000 }, systemClock);
    await transport.connect();
  });
  afterAll(async () => {
    await transport?.close();
    await cluster?.stop();
  });

  const partition = (topic: string) => ({ topic, partition: 0 });

  async function opened(topic: string): Promise<Reader> {
    await transport.admin.create([{ topic, partitions: 1 }]);
    const reader = transport.reader({ isolation: 'committed', maxBytes: 1_000_000 });
    reader.assign([{ ...partition(topic), offset: 0 }]);
    return reader;
  }

  async function take(reader: Reader, count: number): Promise<string[]> {
    const values: string[] = [];
    while (values.length < count) {
      for (const batch of await reader.poll(1000)) while (batch.next()) values.push(batch.valueText()!);
    }
    return values;
  }

  const numbered = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

  it('writes and reads once and in order across a pause that is longer than a request may take', async () => {
    const topic = 'pause';
    const reader = await opened(topic);
    const reading = take(reader, 300);
    const producer = await transport.producer({});
    for (let index = 0; index < 300; index++) {
      producer.append(topic, 0, null, `${index}`, systemClock.now(), noHeaders);
      if (index % 10 === 0) await delay(systemClock, 5);
      // What is under way arrives, and is answered only when nobody waits for the answer any more.
      if (index === 100) {
        await cluster.kill(0, 'SIGSTOP');
        systemClock.after(7000, () => void cluster.kill(0, 'SIGCONT'));
      }
    }
    await producer.flush();
    expect(await reading).toEqual(numbered(300));
    expect(producer.end(topic, 0)).toBe(300);
    await reader.close();
    await producer.close();
  });

  it('writes and reads once and in order across a kill and a restart', async () => {
    const topic = 'restart';
    const reader = await opened(topic);
    const reading = take(reader, 300);
    const producer = await transport.producer({});
    for (let index = 0; index < 300; index++) {
      producer.append(topic, 0, null, `${index}`, systemClock.now(), noHeaders);
      if (index % 10 === 0) await delay(systemClock, 5);
      if (index === 100) await cluster.kill(0, 'SIGKILL');
      if (index === 200) await cluster.restart(0);
    }
    await producer.flush();
    const read = await reading;
    await reader.close();
    await producer.close();
    const inLog = (await readCommitted(cluster.brokers, topic)).map(({ value }) => value);
    // Side by side: whether the log has something twice or the reader shows it twice.
    expect({ inLog, read }).toEqual({ inLog: numbered(300), read: numbered(300) });
  });

  it('says of a commit that the broker did not survive that nobody knows, and settles it with the next producer', async () => {
    const topic = 'commit';
    const reader = await opened(topic);
    const ids = { transactionalId: 'commit', transactionTimeoutMs: 60_000 };
    const producer = await transport.producer(ids);
    producer.append(topic, 0, null, 'first', systemClock.now(), noHeaders);
    await producer.commit(undefined);
    producer.append(topic, 0, null, 'second', systemClock.now(), noHeaders);
    await producer.flush();
    await cluster.kill(0, 'SIGSTOP');
    const commit = producer.commit(undefined).catch((error: unknown) => error);
    await delay(systemClock, 200);
    await cluster.kill(0, 'SIGKILL');
    expect(await commit).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await cluster.restart(0);
    const heir = await transport.producer(ids);
    heir.append(topic, 0, null, 'third', systemClock.now(), noHeaders);
    await heir.commit(undefined);
    // The broker was killed before it could read the request: the heir has aborted it.
    expect(await take(reader, 2)).toEqual(['first', 'third']);
    await reader.close();
    await heir.close();
  });
});
