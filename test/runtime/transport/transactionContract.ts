import { expect } from 'vitest';
import type { OffsetsToCommit, Producer, Transport } from '../../../src/runtime/transport/transport.ts';
import {
  append,
  type ContractKit,
  numbered,
  open,
  readAll,
  records,
  settled,
  take,
  values,
  write,
} from './contractKit.ts';
import { partitionsOf, pass, watch, watching } from './groupKit.ts';
import type { Check } from './transportContract.ts';

export function transactionContract(check: Check): void {
  check('shows readers of committed records nothing before the commit, and all of it after', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    append(producer, topic, ...numbered(3));
    await producer.flush();
    expect(values(await readAll(kit, transport, partition, 'uncommitted'))).toEqual(['0', '1', '2']);
    expect(await readAll(kit, transport, partition)).toEqual([]);
    expect(await transport.admin.endOffsets([partition], 'committed')).toEqual([0]);
    expect(await transport.admin.endOffsets([partition], 'uncommitted')).toEqual([3]);
    await producer.commit(undefined);
    await settled(kit, transport, partition);
    expect(values(await readAll(kit, transport, partition))).toEqual(['0', '1', '2']);
  });

  check('commits what was appended before, sent or not', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    append(producer, topic, ...numbered(2_500));
    await producer.commit(undefined);
    await settled(kit, transport, partition);
    expect(await readAll(kit, transport, partition)).toHaveLength(2_500);
    expect(producer.pendingBytes).toBe(0);
    expect(producer.end(topic, 0)).toBe(2_500);
  });

  check(
    'holds readers of committed records back behind the first record of an open transaction',
    async (kit) => {
      const { transport, topic, partition, producer } = await transactional(kit);
      await write(transport, topic, ...numbered(2));
      append(producer, topic, ...numbered(1, 2));
      await producer.flush();
      await write(transport, topic, ...numbered(2, 3));
      expect(values(await readAll(kit, transport, partition))).toEqual(['0', '1']);
      expect(values(await readAll(kit, transport, partition, 'uncommitted'))).toEqual([
        '0',
        '1',
        '2',
        '3',
        '4',
      ]);
      await producer.commit(undefined);
      await settled(kit, transport, partition);
      expect(values(await readAll(kit, transport, partition))).toEqual(['0', '1', '2', '3', '4']);
    },
  );

  check('wakes a reader that waits when the transaction is committed', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    const reader = open(transport);
    reader.assign([{ ...partition, offset: 0 }]);
    append(producer, topic, ...numbered(1));
    await producer.flush();
    expect(records(await reader.poll(100))).toEqual([]);
    const taken = take(kit, reader, 1);
    await producer.commit(undefined);
    expect(values(await taken)).toEqual(['0']);
  });

  check('never shows aborted records to readers of committed ones', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    append(producer, topic, ...numbered(3));
    await producer.flush();
    await producer.abort();
    await settled(kit, transport, partition);
    expect(await readAll(kit, transport, partition)).toEqual([]);
    expect(values(await readAll(kit, transport, partition, 'uncommitted'))).toEqual(['0', '1', '2']);
    await write(transport, topic, ...numbered(1, 3));
    expect(values(await readAll(kit, transport, partition))).toEqual(['3']);
  });

  check('tells the aborted from the others where transactions overlap, whichever ends first', async (kit) => {
    const { transport, topic, partition } = await transactional(kit);
    const producers: Record<string, Producer> = {};
    for (const name of ['a', 'b', 'c', 'd']) {
      producers[name] = await transport.producer({ transactionalId: kit.name(name) });
    }
    const put = async (name: string, value: string): Promise<void> => {
      append(producers[name]!, topic, { partition: 0, key: name, value });
      await producers[name]!.flush();
    };
    await put('a', 'no');
    await put('b', 'no');
    await put('c', 'c1');
    await put('a', 'no');
    await producers['b']!.abort();
    await write(transport, topic, { value: 'plain' });
    await put('d', 'no');
    await put('c', 'c2');
    await put('a', 'no');
    await producers['c']!.commit(undefined);
    await producers['a']!.abort();
    await put('c', 'c3');
    await producers['d']!.abort();
    await producers['c']!.commit(undefined);
    await settled(kit, transport, partition);
    expect(values(await readAll(kit, transport, partition))).toEqual(['c1', 'plain', 'c2', 'c3']);
  });

  check('is not misled by keys and values that look like markers', async (kit) => {
    const { transport, topic, partition } = await transactional(kit);
    const marker = Buffer.alloc(4);
    for (const end of ['abort', 'commit', 'abort'] as const) {
      const producer = await transport.producer({ transactionalId: kit.name('id') });
      append(
        producer,
        topic,
        { key: marker, value: `${end} 1` },
        { key: Buffer.from([0, 0, 0, 1]), value: `${end} 2` },
      );
      append(producer, topic, { key: marker, value: Buffer.alloc(6) }, { key: marker, value: `${end} 3` });
      await producer.flush();
      await (end === 'abort' ? producer.abort() : producer.commit(undefined));
    }
    await settled(kit, transport, partition);
    const seen = await readAll(kit, transport, partition);
    expect(values(seen)).toEqual(['commit 1', 'commit 2', '\0'.repeat(6), 'commit 3']);
  });

  check('hides an aborted transaction that takes more than one fetch', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    const filler = 'x'.repeat(1_000);
    append(producer, topic, ...Array.from({ length: 4_000 }, () => ({ key: 'k', value: filler })));
    await producer.flush();
    await producer.abort();
    await write(transport, topic, ...numbered(2));
    await settled(kit, transport, partition);
    expect(values(await readAll(kit, transport, partition))).toEqual(['0', '1']);
  });

  check('moves the position over markers and aborted records to the end', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    append(producer, topic, ...numbered(2));
    await producer.commit(undefined);
    const aborting = await transport.producer({ transactionalId: kit.name('id') });
    append(aborting, topic, ...numbered(3));
    await aborting.flush();
    await aborting.abort();
    const reader = open(transport);
    reader.assign([{ ...partition, offset: 0 }]);
    await kit.eventually(async () => {
      for (const batch of await reader.poll(100)) expect(batch.nextOffset).toBeGreaterThan(batch.offset);
      return reader.position(partition) === 7;
    });
    expect(reader.end(partition)).toBe(7);
    expect(await transport.admin.endOffsets([partition], 'committed')).toEqual([7]);
  });

  check('reaches the end where there is nothing but aborted records and markers', async (kit) => {
    const { transport, topic, partition, transactionalId } = await transactional(kit);
    for (let round = 0; round < 3; round++) {
      const producer = await transport.producer({ transactionalId });
      append(producer, topic, ...numbered(2));
      await producer.flush();
      await producer.abort();
    }
    await settled(kit, transport, partition);
    expect(await readAll(kit, transport, partition)).toEqual([]);
    expect(await readAll(kit, transport, partition, 'committed', 4)).toEqual([]);
  });

  check('commits many partitions and topics as one', async (kit) => {
    const { transport, topic, producer } = await transactional(kit, 3);
    const other = await kit.topic(transport);
    append(producer, topic, { partition: 0, value: 'a' }, { partition: 2, value: 'b' });
    append(producer, other, { partition: 0, value: 'c' });
    await producer.flush();
    const all = [...partitionsOf(topic, 0, 1, 2), ...partitionsOf(other, 0)];
    expect(await transport.admin.endOffsets(all, 'committed')).toEqual([0, 0, 0, 0]);
    await producer.commit(undefined);
    await settled(kit, transport, ...all);
    expect(await transport.admin.endOffsets(all, 'committed')).toEqual([2, 0, 2, 2]);
  });

  check('commits one transaction after the other, each in order', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    for (let round = 0; round < 30; round++) {
      append(producer, topic, ...numbered(2, round * 2));
      await producer.commit(undefined);
    }
    await settled(kit, transport, partition);
    const seen = await readAll(kit, transport, partition);
    expect(values(seen)).toEqual(Array.from({ length: 60 }, (_, index) => `${index}`));
    expect(seen.map(({ offset }) => offset).slice(0, 5)).toEqual([0, 1, 3, 4, 6]);
  });

  check('commits nothing at once', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    await producer.commit(undefined);
    append(producer, topic, ...numbered(1));
    await producer.commit(undefined);
    await producer.commit(undefined);
    await settled(kit, transport, partition);
    expect(await transport.admin.endOffsets([partition], 'committed')).toEqual([2]);
  });

  check('keeps what is appended after commit() for the next transaction', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    const reader = await kit.transport();
    append(producer, topic, ...numbered(2));
    const first = producer.commit(undefined);
    append(producer, topic, ...numbered(2, 2));
    const second = producer.commit(undefined);
    append(producer, topic, ...numbered(2, 4));
    await first;
    await second;
    await producer.flush();
    await pass(kit, 100);
    expect(values(await readAll(kit, reader, partition))).toEqual(['0', '1', '2', '3']);
    transport.crash();
    expect(values(await readAll(kit, reader, partition))).toEqual(['0', '1', '2', '3']);
  });

  check('commits positions together with the records', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    const group = kit.name('group');
    append(producer, topic, ...numbered(1));
    await producer.commit(positions(group, { ...partition, offset: 7, metadata: 'größer' }));
    await settled(kit, transport, partition);
    expect(await transport.committed(group, [partition])).toEqual([{ offset: 7, metadata: 'größer' }]);
    expect(values(await readAll(kit, transport, partition))).toEqual(['0']);
  });

  check(
    'commits positions alone, again and again, and shows each as soon as it is committed',
    async (kit) => {
      const { transport, partition, producer } = await transactional(kit);
      const group = kit.name('group');
      const reader = await kit.transport();
      for (let offset = 1; offset <= 20; offset++) {
        const before = reader.committed(group, [partition]);
        await producer.commit(positions(group, { ...partition, offset, metadata: '' }));
        expect((await transport.committed(group, [partition]))[0]?.offset).toBe(offset);
        const seen = (await before)[0]?.offset ?? 0;
        expect([offset - 1, offset]).toContain(seen);
      }
    },
  );

  check('takes metadata of 4,096 characters with a position, and refuses more', async (kit) => {
    const { transport, partition, producer } = await transactional(kit);
    const group = kit.name('group');
    const most = { ...partition, offset: 1, metadata: 'ü'.repeat(4096) };
    await producer.commit(positions(group, most));
    expect(await transport.committed(group, [partition])).toEqual([{ offset: 1, metadata: most.metadata }]);
    const more = { ...partition, offset: 2, metadata: 'x'.repeat(4097) };
    await expect(producer.commit(positions(group, more))).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
    await producer.close();
  });

  check('refuses a transaction timeout beyond that of the brokers', async (kit) => {
    const transport = await kit.transport();
    const opening = transport.producer({ transactionalId: kit.name('id'), transactionTimeoutMs: 3_600_000 });
    await expect(opening).rejects.toMatchObject({ code: 'INVALID_SETTING' });
  });

  check('refuses positions of a member that the group has moved on from', async (kit) => {
    const scene = await watching(kit, 2);
    const a = await watch(scene, 'a');
    await a.member.join();
    const { memberId, generation } = a.member;
    const partition = partitionsOf(scene.topic, 0)[0]!;
    const of = (own: Partial<OffsetsToCommit>, offset: number): OffsetsToCommit => ({
      ...positions(scene.group, { ...partition, offset, metadata: '' }),
      memberId,
      generation,
      ...own,
    });
    const commit = async (offsets: OffsetsToCommit): Promise<void> => {
      const producer = await a.transport.producer({
        transactionalId: kit.name('id'),
        transactionTimeoutMs: 1_000,
      });
      append(producer, scene.topic, { partition: 1, value: `${offsets.offsets[0]!.offset}` });
      try {
        await producer.commit(offsets);
      } finally {
        await producer.abort();
      }
    };
    await commit(of({}, 1));
    a.member.rejoin();
    await kit.eventually(() => a.member.generation > generation);
    await expect(commit(of({}, 2))).rejects.toMatchObject({ code: 'FENCED' });
    await expect(commit(of({ memberId: 'stranger' }, 3))).rejects.toMatchObject({ code: 'FENCED' });
    await commit(of({ generation: a.member.generation }, 4));
    expect(await a.transport.committed(scene.group, [partition])).toEqual([{ offset: 4, metadata: '' }]);
    await settled(kit, a.transport, ...partitionsOf(scene.topic, 1));
    expect(values(await readAll(kit, a.transport, partitionsOf(scene.topic, 1)[0]!))).toEqual(['1', '4']);
  });

  check('aborts what an older producer of the same id has open, before there is a new one', async (kit) => {
    const { transport, topic, partition, producer, transactionalId } = await transactional(kit);
    append(producer, topic, ...numbered(2));
    await producer.flush();
    transport.crash();
    const other = await kit.transport();
    const heir = await other.producer({ transactionalId });
    const [committed, uncommitted] = await Promise.all([
      other.admin.endOffsets([partition], 'committed'),
      other.admin.endOffsets([partition], 'uncommitted'),
    ]);
    expect(committed).toEqual(uncommitted);
    append(heir, topic, ...numbered(1, 2));
    await heir.commit(undefined);
    await settled(kit, other, partition);
    expect(values(await readAll(kit, other, partition))).toEqual(['2']);
  });

  for (const how of ['records', 'positions', 'both', 'what it had sent before'] as const) {
    check(`fences an older producer of the same id that commits ${how}`, async (kit) => {
      const { topic, partition, producer, transactionalId } = await transactional(kit);
      const other = await kit.transport();
      const group = kit.name('group');
      if (how === 'what it had sent before') {
        append(producer, topic, { value: 'zombie' });
        await producer.flush();
      }
      const heir = await other.producer({ transactionalId });
      if (how === 'records' || how === 'both') append(producer, topic, { value: 'zombie' });
      const offsets = positions(group, { ...partition, offset: 5, metadata: '' });
      const commit = producer.commit(how === 'positions' || how === 'both' ? offsets : undefined);
      await expect(commit).rejects.toMatchObject({ code: 'FENCED' });
      await expect(producer.flush()).rejects.toMatchObject({ code: 'FENCED' });
      await producer.abort();
      append(heir, topic, { value: 'heir' });
      await heir.commit(undefined);
      await settled(kit, other, partition);
      expect(values(await readAll(kit, other, partition))).toEqual(['heir']);
      expect(await other.committed(group, [partition])).toEqual([undefined]);
    });
  }

  check('fences an older producer that flushes', async (kit) => {
    const { topic, producer, transactionalId } = await transactional(kit);
    await (await kit.transport()).producer({ transactionalId });
    append(producer, topic, ...numbered(1));
    await expect(producer.flush()).rejects.toMatchObject({ code: 'FENCED' });
    expect(() => append(producer, topic, ...numbered(1))).toThrow();
  });

  check('aborts a transaction that nobody ends in time, and fences its producer', async (kit) => {
    const { transport, topic, partition } = await transactional(kit);
    const producer = await transport.producer({
      transactionalId: kit.name('id'),
      transactionTimeoutMs: 1_000,
    });
    append(producer, topic, ...numbered(1));
    await producer.flush();
    await write(transport, topic, ...numbered(1, 1));
    await kit.eventually(
      async () => (await transport.admin.endOffsets([partition], 'committed'))[0]! >= 2,
      40_000,
    );
    expect(values(await readAll(kit, transport, partition))).toEqual(['1']);
    append(producer, topic, ...numbered(1, 2));
    await expect(producer.commit(undefined)).rejects.toMatchObject({ code: 'FENCED' });
    expect(values(await readAll(kit, transport, partition))).toEqual(['1']);
  });

  check('aborts what is open, sent or not, and is closed', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    append(producer, topic, ...numbered(1));
    await producer.commit(undefined);
    append(producer, topic, ...numbered(1, 1));
    await producer.flush();
    append(producer, topic, ...numbered(1, 2));
    await producer.abort();
    expect(() => append(producer, topic, ...numbered(1))).toThrow();
    await expect(producer.commit(undefined)).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await producer.abort();
    await producer.close();
    await settled(kit, transport, partition);
    expect(values(await readAll(kit, transport, partition))).toEqual(['0']);
  });

  check('aborts what is open when it is closed', async (kit) => {
    const { transport, topic, partition, producer } = await transactional(kit);
    append(producer, topic, ...numbered(2));
    await producer.flush();
    await producer.close();
    await write(transport, topic, ...numbered(1, 2));
    await settled(kit, transport, partition);
    expect(values(await readAll(kit, transport, partition))).toEqual(['2']);
  });

  check('serves producers of different ids side by side', async (kit) => {
    const { transport, topic } = await transactional(kit, 4);
    const ids = [0, 1, 2, 3];
    const producers = await Promise.all(
      ids.map(() => transport.producer({ transactionalId: kit.name('id') })),
    );
    for (let round = 0; round < 5; round++) {
      const commits = producers.map((producer, index) => {
        append(producer, topic, { partition: index, value: `${round}` });
        append(producer, topic, { partition: (index + 1) % 4, value: `${round}` });
        return producer.commit(undefined);
      });
      await Promise.all(commits);
    }
    await settled(kit, transport, ...partitionsOf(topic, 0, 1, 2, 3));
    for (const partition of partitionsOf(topic, 0, 1, 2, 3)) {
      const seen = values(await readAll(kit, transport, partition));
      expect(seen.sort()).toEqual(['0', '0', '1', '1', '2', '2', '3', '3', '4', '4']);
    }
  });
}

interface Scene {
  readonly transport: Transport;
  readonly topic: string;
  readonly partition: { readonly topic: string; readonly partition: number };
  readonly transactionalId: string;
  readonly producer: Producer;
}

async function transactional(kit: ContractKit, partitions = 1): Promise<Scene> {
  const transport = await kit.transport();
  const topic = await kit.topic(transport, { partitions });
  const transactionalId = kit.name('id');
  const producer = await transport.producer({ transactionalId });
  return { transport, topic, partition: { topic, partition: 0 }, transactionalId, producer };
}

/** Of somebody who is no member of the group. */
function positions(group: string, ...offsets: OffsetsToCommit['offsets']): OffsetsToCommit {
  return { group, generation: -1, memberId: '', offsets };
}
