import { expect } from 'vitest';
import { noHeaders } from '../../../src/dsl/message.ts';
import { compressions } from '../../../src/runtime/transport/compression.ts';
import { append, numbered, open, readAll, values, write } from './contractKit.ts';
import type { Check } from './transportContract.ts';

/** What Java's BuiltInPartitioner.partitionForKey of kafka-clients 4.1.1 answers for these keys and 12 partitions. */
const javaPartitions: Readonly<Record<string, number>> = {
  '': 9,
  a: 4,
  ab: 2,
  abc: 3,
  abcd: 8,
  foo: 8,
  '21': 0,
  'user-1': 8,
  größer: 4,
  '🌊': 5,
  '\0\0\0\0': 4,
  'a longer key with spaces': 8,
};

export function producerContract(check: Check): void {
  check('has everything acknowledged that was appended before flush()', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 3 });
    const producer = await transport.producer({});
    const all = Array.from({ length: 3_000 }, (_, index) => ({ partition: index % 3, value: `${index}` }));
    append(producer, topic, ...all);
    expect(producer.pendingBytes).toBeGreaterThan(0);
    await producer.flush();
    expect(producer.pendingBytes).toBe(0);
    const partitions = [0, 1, 2].map((partition) => ({ topic, partition }));
    expect(await transport.admin.endOffsets(partitions, 'committed')).toEqual([1_000, 1_000, 1_000]);
    for (const of of partitions) {
      const expected = all.filter(({ partition }) => partition === of.partition).map(({ value }) => value);
      expect(values(await readAll(kit, transport, of))).toEqual(expected);
    }
  });

  check('sends in the background, without being told to', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const producer = await transport.producer({});
    append(producer, topic, ...numbered(3));
    await kit.eventually(() => producer.pendingBytes === 0);
    expect(await transport.admin.endOffsets([{ topic, partition: 0 }], 'committed')).toEqual([3]);
  });

  for (const compression of compressions) {
    check(`writes what can be read with compression ${compression}`, async (kit) => {
      const transport = await kit.transport();
      const topic = await kit.topic(transport);
      const producer = await transport.producer({ compression });
      const all = Array.from({ length: 2_000 }, (_, index) => ({
        partition: 0,
        key: index % 3 === 0 ? null : `k${index % 40}`,
        value: index % 7 === 0 ? null : `${index} ${'again '.repeat(index % 30)}`,
        timestamp: 1000 + index,
        headers: index % 100 === 0 ? [['h', Buffer.from(`${index}`)] as const] : noHeaders,
      }));
      append(producer, topic, ...all);
      await producer.flush();
      const seen = await readAll(kit, transport, { topic, partition: 0 });
      expect(seen).toEqual(all.map((sent, offset) => ({ ...sent, offset })));
    });
  }

  check('flushes nothing at once', async (kit) => {
    const transport = await kit.transport();
    const producer = await transport.producer({});
    await producer.flush();
    expect(producer.pendingBytes).toBe(0);
  });

  check('stands beside what it has written, as nobody else does', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const one = await transport.producer({});
    const two = await transport.producer({});
    const fenced = await transport.producer({ transactionalId: kit.name('id') });
    expect(new Set([one, two, fenced].map(({ producerId }) => producerId)).size).toBe(3);
    for (const producer of [one, two, one]) {
      append(producer, topic, { value: 'a' }, { value: 'b' });
      await producer.flush();
    }
    append(fenced, topic, { value: 'a' });
    await fenced.commit(undefined);
    const found: number[] = [];
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    await kit.eventually(async () => {
      for (const batch of await reader.poll(10)) while (batch.next()) found.push(batch.producerId);
      return found.length === 7;
    });
    expect(found).toEqual([one, one, two, two, one, one, fenced].map(({ producerId }) => producerId));
    await reader.close();
  });

  check('says where each partition ends behind what it has written', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 2 });
    await write(transport, topic, ...numbered(5));
    const producer = await transport.producer({});
    expect(producer.end(topic, 0)).toBeUndefined();
    append(producer, topic, ...numbered(2));
    await producer.flush();
    expect([producer.end(topic, 0), producer.end(topic, 1)]).toEqual([7, undefined]);
  });

  check('knows the partitions of topics that were described or created', async (kit) => {
    const transport = await kit.transport();
    const other = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 7 });
    const producer = await transport.producer({});
    const stranger = await other.producer({});
    expect([producer.partitions(topic), producer.partitions(kit.name('missing'))]).toEqual([7, undefined]);
    await other.admin.describe([topic]);
    expect(stranger.partitions(topic)).toBe(7);
  });

  check('places keys where Java does, as text and as bytes', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 12 });
    const keys = Object.keys(javaPartitions);
    await write(transport, topic, ...keys.flatMap((key) => [{ key }, { key: Buffer.from(key) }]));
    const found: Record<string, number[]> = {};
    for (let partition = 0; partition < 12; partition++) {
      for (const { key } of await readAll(kit, transport, { topic, partition })) {
        found[key!] = [...(found[key!] ?? []), partition];
      }
    }
    for (const key of keys)
      expect([key, found[key]]).toEqual([key, [javaPartitions[key], javaPartitions[key]]]);
  });

  check('spreads records without a key over all partitions', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 4 });
    await write(transport, topic, ...Array.from({ length: 400 }, (_, index) => ({ value: `${index}` })));
    const partitions = [0, 1, 2, 3].map((partition) => ({ topic, partition }));
    const ends = await transport.admin.endOffsets(partitions, 'committed');
    expect(ends.reduce((sum, end) => sum + end)).toBe(400);
    for (const end of ends) expect(end).toBeGreaterThan(0);
  });

  check('keeps what was appended although the caller uses its buffers again', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const producer = await transport.producer({});
    const buffer = Buffer.alloc(4);
    for (const text of ['aaaa', 'bbbb', 'cccc']) {
      buffer.write(text);
      append(producer, topic, { key: buffer, value: buffer, headers: [['h', buffer]] });
    }
    buffer.fill(0);
    await producer.flush();
    const seen = await readAll(kit, transport, { topic, partition: 0 });
    expect(seen.map(({ key, value, headers }) => [key, value, headers[0]?.[1]?.toString()])).toEqual([
      ['aaaa', 'aaaa', 'aaaa'],
      ['bbbb', 'bbbb', 'bbbb'],
      ['cccc', 'cccc', 'cccc'],
    ]);
  });

  check('writes text that is not well-formed as UTF-8 does', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    await write(transport, topic, { key: 'a\ud800', value: '\udc00b' });
    const [seen] = await readAll(kit, transport, { topic, partition: 0 });
    expect([seen?.key, seen?.value]).toEqual(['a\ufffd', '\ufffdb']);
  });

  check('writes records up to the size the topic takes', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { config: { 'max.message.bytes': '2000' } });
    const large = incompressible(1_800);
    await write(transport, topic, ...Array.from({ length: 10 }, () => ({ value: large })));
    const seen = await readAll(kit, transport, { topic, partition: 0 });
    expect(values(seen)).toEqual(Array.from({ length: 10 }, () => large));
  });

  check('refuses a record that is larger', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { config: { 'max.message.bytes': '2000' } });
    const written = write(transport, topic, { partition: 0, value: incompressible(2_001) });
    await expect(written).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      details: { topic, partition: 0 },
    });
    expect(await readAll(kit, transport, { topic, partition: 0 })).toEqual([]);
  });

  check('writes a record of nearly a megabyte', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const value = incompressible(1_000_000);
    await write(transport, topic, { value }, { value: 'small' });
    const seen = await readAll(kit, transport, { topic, partition: 0 });
    expect(seen.map((one) => one.value === value)).toEqual([true, false]);
  });

  check('refuses a topic that does not exist', async (kit) => {
    const transport = await kit.transport();
    const topic = kit.name('missing');
    for (const partition of [0, undefined]) {
      const written = write(transport, topic, { partition: partition!, key: 'k', value: 'x' });
      await expect(written).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC', details: { topic } });
    }
  });

  check('refuses a partition that does not exist', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 2 });
    const written = write(transport, topic, { partition: 2, value: 'x' });
    await expect(written).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC', details: { topic } });
  });

  check('refuses a record without a key where the topic is compacted', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { config: { 'cleanup.policy': 'compact' } });
    const written = write(transport, topic, { key: null, value: 'x' });
    await expect(written).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
  });

  check('is dead once it has failed', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { config: { 'cleanup.policy': 'compact' } });
    const producer = await transport.producer({});
    append(producer, topic, { key: null, value: 'x' });
    await expect(producer.flush()).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
    await expect(producer.flush()).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
    expect(() => append(producer, topic, { key: 'k', value: 'x' })).toThrow();
    await producer.close();
    await write(transport, topic, { key: 'k', value: 'next' });
    expect(values(await readAll(kit, transport, { topic, partition: 0 }))).toEqual(['next']);
  });

  check('writes what was appended before it is closed, and nothing after', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const producer = await transport.producer({});
    append(producer, topic, ...numbered(3));
    await producer.close();
    expect(() => append(producer, topic, ...numbered(1))).toThrow();
    await expect(producer.flush()).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    expect(values(await readAll(kit, transport, { topic, partition: 0 }))).toEqual(['0', '1', '2']);
  });

  check('forgets what was not sent when its transport crashes', async (kit) => {
    const transport = await kit.transport();
    const other = await kit.transport();
    const topic = await kit.topic(transport);
    const producer = await transport.producer({});
    append(producer, topic, ...numbered(3));
    transport.crash();
    await expect(producer.flush()).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    expect(await readAll(kit, other, { topic, partition: 0 })).toEqual([]);
  });

  check('refuses to commit where there is no transaction', async (kit) => {
    const transport = await kit.transport();
    const producer = await transport.producer({});
    await expect(producer.commit(undefined)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
}

/** Text of that many bytes that no codec makes smaller by much. */
function incompressible(bytes: number): string {
  let state = 12_345;
  let text = '';
  while (text.length < bytes) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += String.fromCharCode(33 + ((state >>> 16) % 94));
  }
  return text;
}
