import { expect } from 'vitest';
import type { Transport } from '../../../src/runtime/transport/transport.ts';
import {
  append,
  type ContractKit,
  numbered,
  open,
  readAll,
  records,
  take,
  values,
  write,
} from './contractKit.ts';
import { pass } from './groupKit.ts';
import type { Check } from './transportContract.ts';

export function readerContract(check: Check): void {
  check('gives the records of a partition in order, across many batches', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const count = 5_000;
    await write(transport, topic, ...numbered(count));
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    const seen = await take(kit, reader, count);
    expect(seen.map(({ offset }) => offset)).toEqual(Array.from({ length: count }, (_, index) => index));
    expect(values(seen)).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
  });

  check('starts anywhere, also in the middle of what was written at once', async (kit) => {
    const { transport, topic } = await filled(kit, 10);
    const reader = open(transport);
    for (const offset of [7, 0, 9, 3]) {
      reader.assign([{ topic, partition: 0, offset }]);
      expect(reader.position({ topic, partition: 0 })).toBe(offset);
      expect((await take(kit, reader, 10 - offset)).map((one) => one.offset)[0]).toBe(offset);
    }
  });

  check('hands out what is there at once, and waits for the rest', async (kit) => {
    const { transport, topic } = await filled(kit, 1);
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    await take(kit, reader, 1);
    const started = kit.clock.monotonic();
    const next = reader.poll(10_000);
    await write(transport, topic, ...numbered(1, 1));
    let seen = records(await next);
    if (seen.length === 0) seen = await take(kit, reader, 1);
    expect(values(seen)).toEqual(['1']);
    expect(kit.clock.monotonic() - started).toBeLessThan(5_000);
  });

  check('comes back with nothing when maxWaitMs have passed', async (kit) => {
    const { transport, topic } = await filled(kit, 1);
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    await take(kit, reader, 1);
    const started = kit.clock.monotonic();
    expect(await reader.poll(300)).toEqual([]);
    const waited = kit.clock.monotonic() - started;
    expect(waited).toBeGreaterThanOrEqual(290);
    expect(waited).toBeLessThan(5_000);
    expect(await reader.poll(0)).toEqual([]);
  });

  check('has nothing to give while nothing is assigned', async (kit) => {
    const transport = await kit.transport();
    expect(await open(transport).poll(10)).toEqual([]);
  });

  check('counts the records of a batch down and says where it ends', async (kit) => {
    const { transport, topic } = await filled(kit, 3);
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    let seen = 0;
    while (seen < 3) {
      for (const batch of await reader.poll(1_000)) {
        expect([batch.topic, batch.partition, batch.bytes > 0]).toEqual([topic, 0, true]);
        let remaining = batch.remaining;
        while (batch.next()) expect([batch.remaining, batch.offset]).toEqual([--remaining, seen++]);
        expect([remaining, batch.next(), batch.nextOffset]).toEqual([0, false, seen]);
      }
    }
    expect(reader.position({ topic, partition: 0 })).toBe(3);
  });

  check('gives text and bytes of the same record, whichever it was written as', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const text = 'größer 🌊 than \u0000 \u{10ffff}';
    await write(
      transport,
      topic,
      { key: text, value: Buffer.from(text) },
      { key: Buffer.from(text), value: text },
    );
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    let seen = 0;
    while (seen < 2) {
      for (const batch of await reader.poll(1_000)) {
        for (; batch.next(); seen++) {
          expect([batch.keyText(), batch.valueText()]).toEqual([text, text]);
          expect(Buffer.from(text).equals(batch.keyBytes()!)).toBe(true);
          expect(Buffer.from(text).equals(batch.valueBytes()!)).toBe(true);
        }
      }
    }
  });

  check('tells no key and no value from empty ones', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    await write(
      transport,
      topic,
      { key: null, value: 'no key' },
      { key: '', value: 'empty key' },
      { key: 'tombstone', value: null },
      { key: 'empty value', value: '' },
      { key: Buffer.alloc(0), value: Buffer.alloc(0) },
      { key: null, value: null },
    );
    const seen = await readAll(kit, transport, { topic, partition: 0 });
    expect(seen.map(({ key, value }) => [key, value])).toEqual([
      [null, 'no key'],
      ['', 'empty key'],
      ['tombstone', null],
      ['empty value', ''],
      ['', ''],
      [null, null],
    ]);
  });

  check('keeps bytes that are no text, and refuses to give them as text', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    await write(transport, topic, { key: 'k', value: bytes });
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    let batch = (await reader.poll(1_000))[0];
    while (batch === undefined) [batch] = await reader.poll(1_000);
    expect(batch.next()).toBe(true);
    expect(batch.valueBytes()).toEqual(bytes);
    const asText = expect.objectContaining({
      code: 'DECODE_FAILED',
      details: expect.objectContaining({ topic, partition: 0, offset: 0 }),
    });
    expect(() => batch.valueText()).toThrow(asText);
    expect(batch.keyText()).toBe('k');
  });

  check('keeps timestamps and headers, with names that repeat and values that are missing', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const headers = [
      ['a', Buffer.from('1')],
      ['a', Buffer.from('2')],
      ['ünï', Buffer.alloc(0)],
      ['none', null],
    ] as const;
    const timestamps = [1_600_000_000_123, 0, 1_600_000_000_122];
    await write(
      transport,
      topic,
      { value: 'x', timestamp: timestamps[0]!, headers },
      { value: 'y', timestamp: timestamps[1]! },
      { value: 'z', timestamp: timestamps[2]!, headers: headers.slice(3) },
    );
    const seen = await readAll(kit, transport, { topic, partition: 0 });
    expect(seen.map(({ timestamp }) => timestamp)).toEqual(timestamps);
    expect(seen.map((one) => one.headers)).toEqual([headers, [], headers.slice(3)]);
  });

  check('does not let one reader change what another reads', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    await write(transport, topic, { value: Buffer.from('kept'), headers: [['h', Buffer.from('kept')]] });
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    let batch = (await reader.poll(1_000))[0];
    while (batch === undefined) [batch] = await reader.poll(1_000);
    batch.next();
    batch.valueBytes()!.fill(0);
    batch.headers()[0]![1]!.fill(0);
    const [seen] = await readAll(kit, transport, { topic, partition: 0 });
    expect([seen?.value, seen?.headers[0]?.[1]?.toString()]).toEqual(['kept', 'kept']);
  });

  check('serves many partitions, each in order', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 5 });
    const all = Array.from({ length: 500 }, (_, index) => ({ partition: index % 5, value: `${index}` }));
    await write(transport, topic, ...all);
    const reader = open(transport);
    reader.assign([0, 1, 2, 3, 4].map((partition) => ({ topic, partition, offset: 0 })));
    const seen = await take(kit, reader, 500);
    for (let partition = 0; partition < 5; partition++) {
      const expected = all.filter((one) => one.partition === partition).map(({ value }) => value);
      expect(values(seen.filter((one) => one.partition === partition))).toEqual(expected);
    }
  });

  check('replaces what it reads: others are dropped, and it goes on where it is told', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 2 });
    await write(transport, topic, ...numbered(10), { partition: 1, value: 'other' });
    const reader = open(transport);
    reader.assign([
      { topic, partition: 0, offset: 0 },
      { topic, partition: 1, offset: 0 },
    ]);
    await take(kit, reader, 11);
    reader.assign([{ topic, partition: 0, offset: 8 }]);
    expect(values(await take(kit, reader, 2))).toEqual(['8', '9']);
    await write(transport, topic, { partition: 1, value: 'unheard' }, ...numbered(1, 10));
    expect(values(await take(kit, reader, 1))).toEqual(['10']);
    reader.assign([]);
    await write(transport, topic, ...numbered(1, 11));
    expect(await reader.poll(200)).toEqual([]);
  });

  check('goes on with what is assigned while poll() waits', async (kit) => {
    const { transport, topic } = await filled(kit, 3);
    const reader = open(transport);
    const started = kit.clock.monotonic();
    const waiting = reader.poll(20_000);
    reader.assign([{ topic, partition: 0, offset: 1 }]);
    const seen = records(await waiting);
    if (seen.length === 0) seen.push(...(await take(kit, reader, 2)));
    expect(values(seen)).toEqual(['1', '2']);
    expect(kit.clock.monotonic() - started).toBeLessThan(10_000);
  });

  check('drops what it had read ahead of a partition that is assigned anew', async (kit) => {
    const { transport, topic } = await filled(kit, 2_000);
    const reader = open(transport);
    for (const offset of [0, 1_990, 5, 1_000]) {
      reader.assign([{ topic, partition: 0, offset }]);
      const [first] = await take(kit, reader, 1);
      expect(first?.offset).toBe(offset);
    }
  });

  check('hands out nothing of a paused partition, and all of it once it goes on', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 2 });
    const paused = { topic, partition: 0 };
    await write(transport, topic, ...numbered(100), { partition: 1, value: 'other' });
    const reader = open(transport);
    reader.assign([
      { ...paused, offset: 0 },
      { topic, partition: 1, offset: 0 },
    ]);
    const seen = records(await reader.poll(1_000));
    reader.pause([paused]);
    const position = reader.position(paused);
    await write(transport, topic, { partition: 1, value: 'more' });
    await kit.eventually(async () => {
      const more = records(await reader.poll(200));
      expect(more.filter(({ partition }) => partition === 0)).toEqual([]);
      seen.push(...more);
      return values(seen).includes('more');
    });
    expect(reader.position(paused)).toBe(position);
    reader.resume([paused]);
    seen.push(...(await take(kit, reader, 100 - seen.filter(({ partition }) => partition === 0).length)));
    expect(values(seen.filter(({ partition }) => partition === 0))).toEqual(values100);
  });

  check('goes on with a partition that is resumed while poll() waits', async (kit) => {
    const { transport, topic } = await filled(kit, 3);
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    reader.pause([{ topic, partition: 0 }]);
    expect(await reader.poll(50)).toEqual([]);
    const started = kit.clock.monotonic();
    const waiting = reader.poll(20_000);
    reader.resume([{ topic, partition: 0 }]);
    const seen = records(await waiting);
    if (seen.length === 0) seen.push(...(await take(kit, reader, 3)));
    expect(values(seen)).toEqual(['0', '1', '2']);
    expect(kit.clock.monotonic() - started).toBeLessThan(10_000);
  });

  check('forgets with assign() that a partition was paused', async (kit) => {
    const { transport, topic } = await filled(kit, 1);
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    reader.pause([{ topic, partition: 0 }]);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    expect(values(await take(kit, reader, 1))).toEqual(['0']);
  });

  check('knows the end only once it was answered, and then whether it has caught up', async (kit) => {
    const { transport, topic } = await filled(kit, 10);
    const partition = { topic, partition: 0 };
    const reader = open(transport);
    reader.assign([{ ...partition, offset: 10 }]);
    expect(reader.end(partition)).toBeUndefined();
    await kit.eventually(async () => {
      await reader.poll(100);
      return reader.end(partition) === 10;
    });
    const asked = kit.clock.monotonic();
    await write(transport, topic, ...numbered(5, 10));
    await take(kit, reader, 5);
    expect([reader.end(partition), reader.position(partition)]).toEqual([15, 15]);
    const heardAt = reader.heardAt(partition)!;
    expect(heardAt).toBeGreaterThanOrEqual(asked);
    // Told again where there is nothing new: how long the end has been true is known as well.
    await kit.eventually(async () => {
      await reader.poll(100);
      return reader.heardAt(partition)! > heardAt;
    });
  });

  check('throws when a position is not in the topic, and serves the others at the next call', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 2 });
    await write(transport, topic, ...numbered(10), { partition: 1, value: 'other' });
    await transport.admin.deleteRecords([{ topic, partition: 0, before: 5 }]);
    for (const offset of [4, 11]) {
      const reader = open(transport);
      reader.assign([
        { topic, partition: 0, offset },
        { topic, partition: 1, offset: 0 },
      ]);
      const { errors, seen } = await pollOn(kit, reader.poll.bind(reader));
      expect(errors[0]).toMatchObject({
        code: 'OFFSET_OUT_OF_RANGE',
        details: { topic, partition: 0, offset },
      });
      expect(seen).toEqual(['other']);
      expect(reader.position({ topic, partition: 0 })).toBe(offset);
      reader.assign([{ topic, partition: 0, offset: 5 }]);
      expect(values(await take(kit, reader, 5))).toEqual(['5', '6', '7', '8', '9']);
      await reader.close();
    }
  });

  check('throws when records are deleted that it was still to read', async (kit) => {
    const { transport, topic } = await filled(kit, 10);
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    reader.pause([{ topic, partition: 0 }]);
    await transport.admin.deleteRecords([{ topic, partition: 0, before: 10 }]);
    reader.assign([{ topic, partition: 0, offset: 9 }]);
    const { errors } = await pollOn(kit, reader.poll.bind(reader), 0);
    expect(errors[0]).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  });

  check('moves a reader over records that compaction has taken away', async (kit) => {
    const transport = await kit.transport();
    const config = { 'cleanup.policy': 'compact', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.01' };
    const topic = await kit.topic(transport, { config });
    const partition = { topic, partition: 0 };
    const versions = Array.from({ length: 20 }, (_, version) => ({ key: 'a', value: `${version}` }));
    await write(transport, topic, { key: 'first', value: 'kept' }, ...versions);
    // Kafka leaves the segment alone that is written to: a record of a later time begins a new one.
    await kit.eventually(async () => {
      await write(transport, topic, { key: 'tick', value: '', timestamp: kit.clock.now() });
      await pass(kit, 1_000);
      const seen = await readAll(kit, transport, partition);
      return seen.filter(({ key }) => key === 'a').length === 1;
    }, 100_000);
    for (const [from, key, offset] of [
      [0, 'first', 0],
      [1, 'a', 20],
      [15, 'a', 20],
    ] as const) {
      const [seen] = await readAll(kit, transport, partition, 'committed', from);
      expect(seen).toMatchObject({ key, offset });
    }
    const [end] = await transport.admin.endOffsets([partition], 'committed');
    const reader = open(transport);
    reader.assign([{ ...partition, offset: 1 }]);
    await kit.eventually(async () => {
      for (const batch of await reader.poll(100)) expect(batch.nextOffset).toBeGreaterThan(20);
      return reader.position(partition) === end;
    });
  });

  check('throws when the partition does not exist', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 2 });
    const reader = open(transport);
    reader.assign([{ topic, partition: 2, offset: 0 }]);
    await expect(reader.poll(20_000)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
  });

  check('throws when the topic does not exist', async (kit) => {
    const transport = await kit.transport();
    const reader = open(transport);
    const topic = kit.name('missing');
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    const { errors } = await pollOn(kit, reader.poll.bind(reader), 0);
    expect(errors[0]).toMatchObject({ code: 'UNKNOWN_TOPIC', details: { topic } });
  });

  check('ends a poll that waits when it is closed, and refuses to go on', async (kit) => {
    const { transport, topic } = await filled(kit, 0);
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    const waiting = reader.poll(60_000).catch((error: unknown) => error);
    await reader.close();
    expect(await waiting).toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await expect(reader.poll(0)).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await reader.close();
  });

  check('ends with its transport', async (kit) => {
    const { transport, topic } = await filled(kit, 0);
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    const waiting = reader.poll(60_000).catch((error: unknown) => error);
    transport.crash();
    expect(await waiting).toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  check('reads on while others write', async (kit) => {
    const { transport, topic } = await filled(kit, 0);
    const other = await kit.transport();
    const reader = open(transport);
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    const reading = take(kit, reader, 300);
    const producer = await other.producer({});
    for (let round = 0; round < 30; round++) {
      append(producer, topic, ...numbered(10, round * 10));
      await producer.flush();
    }
    expect(values(await reading)).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`));
  });
}

const values100 = Array.from({ length: 100 }, (_, index) => `${index}`);

async function filled(kit: ContractKit, count: number): Promise<{ transport: Transport; topic: string }> {
  const transport = await kit.transport();
  const topic = await kit.topic(transport);
  if (count > 0) await write(transport, topic, ...numbered(count));
  return { transport, topic };
}

/** Polls on until it has thrown and given `count` records. */
async function pollOn(
  kit: ContractKit,
  poll: ReturnType<typeof open>['poll'],
  count = 1,
): Promise<{ errors: unknown[]; seen: (string | null)[] }> {
  const errors: unknown[] = [];
  const seen: (string | null)[] = [];
  await kit.eventually(async () => {
    try {
      seen.push(...values(records(await poll(100))));
    } catch (error) {
      errors.push(error);
    }
    return errors.length > 0 && seen.length >= count;
  });
  return { errors, seen };
}
