import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KafkaCluster, startKafka } from '../../scripts/kafka/startKafka.ts';
import { noHeaders } from '../../src/dsl/message.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import { eventually } from '../kit/eventually.ts';
import { javaMissing } from './brokers.ts';
import { type FaultProxy, faultProxy } from './faultProxy.ts';
import { memberOptions, values } from './security/roundTrip.ts';

describe.skipIf(javaMissing)('connections to brokers that come and go', () => {
  let cluster: KafkaCluster;
  let proxy: FaultProxy;

  beforeAll(async () => {
    cluster = await startKafka({ nodes: 1, listeners: { FAULTY: 'PLAINTEXT' }, proxied: ['FAULTY'] });
    proxy = await faultProxy([
      { from: cluster.advertised('FAULTY')[0]!, to: cluster.listener('FAULTY')[0]! },
    ]);
  });

  afterAll(async () => {
    await proxy?.close();
    await cluster?.stop();
  });

  it.each(['refused', 'unroutable', 'silent'])('are found where others in the list are %s', async (how) => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const bad = { refused: '127.0.0.1:1', unroutable: '192.0.2.1:9092', silent: `127.0.0.1:${port}` }[how]!;
    const transport = kafkaTransport(
      // Begins with the first of the list.
      { brokers: [bad, cluster.advertised('FAULTY')[0]!], random: () => 0 },
      systemClock,
    );
    const start = systemClock.monotonic();
    await transport.connect();
    expect(systemClock.monotonic() - start).toBeLessThan(6_000);
    await transport.close();
    silent.close();
  });

  it('that fall silent without hanging up are noticed on every lane, and everything goes on when they speak again', async () => {
    const transport = kafkaTransport(
      { brokers: cluster.advertised('FAULTY'), requestTimeoutMs: 1_000, connectTimeoutMs: 2_000 },
      systemClock,
    );
    await transport.connect();
    const topic = `silent-${process.pid}`;
    await transport.admin.create([{ topic, partitions: 1, config: { 'retention.ms': '-1' } }]);
    const failures: unknown[] = [];
    const member = transport.member({ ...memberOptions(topic), failed: (reason) => failures.push(reason) });
    await member.join();
    const producer = await transport.producer({});
    const reader = transport.reader({ isolation: 'committed', maxBytes: 1 << 20 });
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    const send = (value: string): void => producer.append(topic, 0, null, value, 1, noHeaders);
    send('before');
    await producer.flush();
    await reader.poll(5_000);
    proxy.network(0, 'freeze');
    send('meanwhile');
    const sent = producer.flush();
    // One of each lane is on its way and gets no answer: produce, fetch, heartbeat, positions, metadata.
    const asked = transport.committed(topic, [{ topic, partition: 0 }]).catch((error: unknown) => error);
    await delay(systemClock, 1_500); // longer than a request may take; shorter than what is repeated may take
    proxy.network(0, 'flow');
    await sent;
    await asked;
    send('after');
    await producer.flush();
    expect(await values(transport, topic, 3)).toEqual(['before', 'meanwhile', 'after']);
    await eventually(systemClock, async () => {
      await reader.poll(200);
      return reader.position({ topic, partition: 0 }) === 3;
    });
    await eventually(systemClock, async () => {
      const position = { topic, partition: 0, offset: 3, metadata: '' };
      return member.commitOffsets([position]).then(
        () => true,
        () => false, // until it has joined again
      );
    });
    expect(failures).toEqual([]);
    await transport.close();
  });
});
