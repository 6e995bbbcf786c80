import { expect } from 'vitest';
import { numbered, readAll, values, write } from './contractKit.ts';
import type { Check } from './transportContract.ts';

export function adminContract(check: Check): void {
  check('describes topics in the order of the names, undefined where there is none', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 3 });
    const [none, described] = await transport.admin.describe([kit.name('missing'), topic]);
    expect(none).toBeUndefined();
    expect(described).toMatchObject({ topic, partitions: 3 });
  });

  check('creates topics with their settings', async (kit) => {
    const transport = await kit.transport();
    const config = { 'cleanup.policy': 'compact', 'retention.ms': '86400000', 'max.message.bytes': '2000' };
    const topic = await kit.topic(transport, { config });
    const plain = await kit.topic(transport);
    const [described, described2] = await transport.admin.describe([topic, plain]);
    expect(described?.config).toMatchObject(config);
    expect(described2?.config).toMatchObject({ 'cleanup.policy': 'delete' });
  });

  check('leaves a topic that exists as it is', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 2 });
    await write(transport, topic, ...numbered(3));
    const other = kit.name('other');
    await transport.admin.create([
      { topic, partitions: 5, config: { 'cleanup.policy': 'compact' } },
      { topic: other, partitions: 4 },
    ]);
    const [first, second] = await transport.admin.describe([topic, other]);
    expect([first?.partitions, second?.partitions]).toEqual([2, 4]);
    expect(first?.config['cleanup.policy']).toBe('delete');
    expect(await readAll(kit, transport, { topic, partition: 0 })).toHaveLength(3);
  });

  check('creates topics that can be written to at once', async (kit) => {
    const transport = await kit.transport();
    for (let round = 0; round < 5; round++) {
      const topic = await kit.topic(transport, { partitions: 3 });
      await write(transport, topic, { partition: 2, value: 'x' });
    }
  });

  check('deletes topics with all that is in them', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    await write(transport, topic, ...numbered(3));
    await transport.admin.delete([topic]);
    await kit.eventually(async () => (await transport.admin.describe([topic]))[0] === undefined);
    await kit.eventually(async () => {
      await transport.admin.create([{ topic, partitions: 2 }]);
      return (await transport.admin.describe([topic]))[0]?.partitions === 2;
    });
    expect(await transport.admin.endOffsets([{ topic, partition: 0 }], 'committed')).toEqual([0]);
  });

  check('knows the start and the end of partitions, in the order asked for', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport, { partitions: 2 });
    await write(transport, topic, ...numbered(3), { partition: 1, value: 'x' });
    const partitions = [
      { topic, partition: 1 },
      { topic, partition: 0 },
    ];
    expect(await transport.admin.startOffsets(partitions)).toEqual([0, 0]);
    expect(await transport.admin.endOffsets(partitions, 'committed')).toEqual([1, 3]);
    expect(await transport.admin.endOffsets(partitions, 'uncommitted')).toEqual([1, 3]);
  });

  check('refuses to speak of a topic or a partition that does not exist', async (kit) => {
    const { admin } = await kit.transport();
    const nowhere = [{ topic: kit.name('missing'), partition: 0 }];
    await expect(admin.endOffsets(nowhere, 'committed')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
    await expect(admin.startOffsets(nowhere)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
    await expect(admin.offsetsAt(nowhere, 0)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
  });

  check('finds the first offset with a timestamp at or after one', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const timestamps = [100, 300, 200, 400];
    await write(
      transport,
      topic,
      ...timestamps.map((timestamp) => ({ partition: 0, value: 'x', timestamp })),
    );
    const at = async (timestamp: number): Promise<number> =>
      (await transport.admin.offsetsAt([{ topic, partition: 0 }], timestamp))[0]!;
    expect([await at(0), await at(100), await at(101), await at(300), await at(301)]).toEqual([
      0, 0, 1, 1, 3,
    ]);
    expect([await at(400), await at(401)]).toEqual([3, 4]);
  });

  check('finds the end of an empty partition for any timestamp', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    expect(await transport.admin.offsetsAt([{ topic, partition: 0 }], 0)).toEqual([0]);
  });

  check('makes everything below an offset unreadable', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    const partition = { topic, partition: 0 };
    await write(transport, topic, ...numbered(10));
    await transport.admin.deleteRecords([{ ...partition, before: 4 }]);
    expect(await transport.admin.startOffsets([partition])).toEqual([4]);
    expect(await transport.admin.endOffsets([partition], 'committed')).toEqual([10]);
    expect(values(await readAll(kit, transport, partition, 'committed', 4))).toEqual([
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
    ]);
    expect(await transport.admin.offsetsAt([partition], 0)).toEqual([4]);
    await transport.admin.deleteRecords([{ ...partition, before: 2 }]);
    expect(await transport.admin.startOffsets([partition])).toEqual([4]);
    await transport.admin.deleteRecords([{ ...partition, before: 10 }]);
    expect(await transport.admin.startOffsets([partition])).toEqual([10]);
    await write(transport, topic, ...numbered(1, 10));
    expect(values(await readAll(kit, transport, partition, 'committed', 10))).toEqual(['10']);
  });

  check('refuses to delete records behind the end', async (kit) => {
    const transport = await kit.transport();
    const topic = await kit.topic(transport);
    await write(transport, topic, ...numbered(3));
    const beyond = transport.admin.deleteRecords([{ topic, partition: 0, before: 4 }]);
    await expect(beyond).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  });

  check('refuses to delete records where nothing is deleted by age or size', async (kit) => {
    const transport = await kit.transport();
    const compacted = await kit.topic(transport, { config: { 'cleanup.policy': 'compact' } });
    const both = await kit.topic(transport, { config: { 'cleanup.policy': 'compact,delete' } });
    for (const topic of [compacted, both])
      await write(transport, topic, { partition: 0, key: 'k', value: 'x' });
    const refused = transport.admin.deleteRecords([{ topic: compacted, partition: 0, before: 1 }]);
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_SETTING' });
    await transport.admin.deleteRecords([{ topic: both, partition: 0, before: 1 }]);
    expect(await transport.admin.startOffsets([{ topic: both, partition: 0 }])).toEqual([1]);
  });

  check('refuses topics that cannot be', async (kit) => {
    const { admin } = await kit.transport();
    for (const topic of ['', '.', '..', 'a b', 'ü', 'x'.repeat(250)]) {
      await expect(admin.create([{ topic, partitions: 1 }]), topic).rejects.toMatchObject({
        code: 'INVALID_NAME',
      });
    }
    const topic = kit.name('topic');
    const impossible = [
      { partitions: 0 },
      { partitions: 1, config: { 'cleanup.policy': 'never' } },
      { partitions: 1, config: { 'retention.ms': 'long' } },
      { partitions: 1, config: { 'max.message.bytes': '-1' } },
    ];
    for (const options of impossible) {
      const refused = admin.create([{ topic, ...options }]);
      await expect(refused, JSON.stringify(options)).rejects.toMatchObject({ code: 'INVALID_SETTING' });
    }
    expect(await admin.describe([topic])).toEqual([undefined]);
  });

  check('refuses a topic whose name another has but for dots and underscores', async (kit) => {
    const { admin } = await kit.transport();
    const name = kit.name('one.two');
    await admin.create([{ topic: name, partitions: 1 }]);
    const refused = admin.create([{ topic: name.replace('.', '_'), partitions: 1 }]);
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_NAME' });
  });

  check('refuses to delete a topic that is not there', async (kit) => {
    const { admin } = await kit.transport();
    const topic = kit.name('missing');
    await expect(admin.delete([topic])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC', details: { topic } });
  });
}
