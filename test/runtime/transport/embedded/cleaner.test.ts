import { join } from 'node:path';
import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { delay } from '../../../../src/runtime/clock.ts';
import type { Transport } from '../../../../src/runtime/transport/transport.ts';
import { tempFolder } from '../../../kit/tempFolder.ts';
import { append, readAll, type Seen, type Sent, write } from '../contractKit.ts';
import { type Embedded, embedded } from './kits.ts';

const compacted = { 'cleanup.policy': 'compact', 'delete.retention.ms': '60000' };

interface Scene extends Embedded {
  readonly transport: Transport;
  readonly topic: string;
  readonly partition: { readonly topic: string; readonly partition: number };
  pairs(): Promise<string[]>;
}

async function scene(config: Readonly<Record<string, string>>, file?: string): Promise<Scene> {
  const all = embedded(undefined, file);
  const transport = await all.kit.transport();
  const topic = await all.kit.topic(transport, { config });
  const partition = { topic, partition: 0 };
  return {
    ...all,
    transport,
    topic,
    partition,
    pairs: async () => (await readAll(all.kit, transport, partition)).map(pair),
  };
}

const pair = ({ key, value }: Seen): string => `${key}=${value ?? 'none'}`;
const put = (...pairs: readonly string[]): Sent[] =>
  pairs.map((one) => {
    const [key, value] = one.split('=');
    return { key: key!, value: value ?? null };
  });

/** Declares a test whose body runs on the virtual clock. */
function check(
  sentence: string,
  config: Readonly<Record<string, string>>,
  body: (scene: Scene) => Promise<void>,
): void {
  it(sentence, async () => {
    const all = await scene(config);
    await all.clock.run(body(all));
  });
}

type Row = readonly [key: string, value: string | null];
const row: fc.Arbitrary<Row> = fc.tuple(fc.constantFrom('a', 'b', 'c', 'ü'), fc.constantFrom('1', '2', null));

describe('Cleaner', () => {
  check(
    'keeps the last record of each key, at its offset',
    compacted,
    async ({ transport, topic, broker, kit, partition }) => {
      await write(transport, topic, ...put('a=1', 'b=1', 'a=2', 'c=1'));
      await write(transport, topic, ...put('b=2', 'a=3'));
      await broker.clean();
      const seen = await readAll(kit, transport, partition);
      expect(seen.map((one) => [one.offset, pair(one)])).toEqual([
        [3, 'c=1'],
        [4, 'b=2'],
        [5, 'a=3'],
      ]);
      expect(await transport.admin.endOffsets([partition], 'committed')).toEqual([6]);
      expect(await transport.admin.startOffsets([partition])).toEqual([0]);
    },
  );

  check(
    'starts anywhere in what compaction has left',
    compacted,
    async ({ transport, topic, broker, kit, partition }) => {
      await write(transport, topic, ...put('a=1', 'b=1', 'a=2', 'c=1', 'd=1', 'c=2'));
      await broker.clean();
      for (const [from, first] of [
        [0, 'b=1'],
        [1, 'b=1'],
        [2, 'a=2'],
        [3, 'd=1'],
        [5, 'c=2'],
      ] as const) {
        expect(pair((await readAll(kit, transport, partition, 'committed', from))[0]!)).toBe(first);
      }
      expect(await readAll(kit, transport, partition, 'committed', 6)).toEqual([]);
      expect(await transport.admin.offsetsAt([partition], 0)).toEqual([1]);
    },
  );

  check(
    'takes text and bytes of the same key for the same',
    compacted,
    async ({ transport, topic, broker, pairs }) => {
      await write(
        transport,
        topic,
        { key: 'größer', value: '1' },
        { key: Buffer.from('größer'), value: '2' },
      );
      await broker.clean();
      expect(await pairs()).toEqual(['größer=2']);
    },
  );

  check('keeps tombstones for delete.retention.ms after it has first seen them', compacted, async (all) => {
    const { transport, topic, broker, clock, kit, partition, pairs } = all;
    await write(transport, topic, ...put('a=1', 'b=1', 'a'));
    await delay(clock, 3_600_000);
    expect(await pairs()).toEqual(['b=1']);
    await write(transport, topic, ...put('b'));
    await broker.clean();
    expect(await pairs()).toEqual(['b=none']);
    await delay(clock, 59_000);
    await broker.clean();
    expect(await pairs()).toEqual(['b=none']);
    await delay(clock, 1_000);
    await broker.clean();
    expect(await pairs()).toEqual([]);
    expect(await transport.admin.endOffsets([partition], 'committed')).toEqual([4]);
    const reader = transport.reader({ isolation: 'committed', maxBytes: 1_000 });
    reader.assign([{ ...partition, offset: 1 }]);
    expect([await reader.poll(0), reader.position(partition), reader.end(partition)]).toEqual([[], 4, 4]);
    await write(transport, topic, ...put('c=1'));
    expect((await readAll(kit, transport, partition)).map(({ offset }) => offset)).toEqual([4]);
  });

  check('removes aborted records and markers, and leaves open transactions alone', compacted, async (all) => {
    const { transport, topic, broker, kit, partition, pairs } = all;
    const aborted = await transport.producer({ transactionalId: 'aborted' });
    append(aborted, topic, ...put('a=aborted'));
    await aborted.flush();
    await write(transport, topic, ...put('a=1', 'b=1', 'b=2'));
    await aborted.abort();
    const committed = await transport.producer({ transactionalId: 'committed' });
    append(committed, topic, ...put('b=3'));
    await committed.commit(undefined);
    const open = await transport.producer({ transactionalId: 'open' });
    append(open, topic, ...put('a=open'));
    await open.flush();
    await write(transport, topic, ...put('b=4', 'b=5'));
    await broker.clean();
    const raw = await readAll(kit, transport, partition, 'uncommitted');
    expect(raw.map(pair)).toEqual(['a=1', 'b=3', 'a=open', 'b=4', 'b=5']);
    await open.commit(undefined);
    await broker.clean();
    expect(await pairs()).toEqual(['a=open', 'b=5']);
  });

  check('leaves young records alone', { ...compacted, 'min.compaction.lag.ms': '5000' }, async (all) => {
    const { transport, topic, broker, clock, pairs } = all;
    const timestamp = clock.now();
    await write(transport, topic, ...put('a=1', 'a=2').map((one) => ({ ...one, timestamp })));
    await broker.clean();
    expect(await pairs()).toEqual(['a=1', 'a=2']);
    await delay(clock, 6_000);
    await broker.clean();
    expect(await pairs()).toEqual(['a=2']);
  });

  check(
    'deletes what is past its retention by the records’ own time',
    { 'retention.ms': '10000' },
    async (all) => {
      const { transport, topic, broker, clock, kit, partition } = all;
      const now = clock.now();
      await write(
        transport,
        topic,
        { value: 'old', timestamp: now - 20_000 },
        { value: 'young', timestamp: now },
      );
      await write(transport, topic, { value: 'old again', timestamp: now - 20_000 });
      await broker.clean();
      expect(await transport.admin.startOffsets([partition])).toEqual([0]);
      await delay(clock, 10_001);
      await broker.clean();
      expect(await transport.admin.startOffsets([partition])).toEqual([3]);
      expect(await transport.admin.endOffsets([partition], 'committed')).toEqual([3]);
      await write(transport, topic, { value: 'new', timestamp: clock.now() });
      expect(await readAll(kit, transport, partition, 'committed', 3)).toHaveLength(1);
    },
  );

  check('does nothing to topics that ask for nothing', {}, async ({ transport, topic, broker, pairs }) => {
    await write(transport, topic, ...put('a=1', 'a=2').map((one) => ({ ...one, timestamp: 0 })));
    await broker.clean();
    expect(await pairs()).toEqual(['a=1', 'a=2']);
  });

  check('works by itself as time passes', compacted, async ({ transport, topic, clock, pairs }) => {
    await delay(clock, 100_000);
    await write(transport, topic, ...put('a=1', 'a=2'));
    await delay(clock, 31_000);
    expect(await pairs()).toEqual(['a=2']);
  });

  it('keeps what it has done in the file, and takes nothing committed for open', async () => {
    const file = join(tempFolder(), 'topics.db');
    const first = await scene(compacted, file);
    const { clock, transport, topic, broker } = first;
    const work = async (): Promise<void> => {
      const producer = await transport.producer({ transactionalId: 'id' });
      for (const value of ['1', '2', '3']) {
        append(producer, topic, ...put(`a=${value}`, `b${value}=${value}`));
        await producer.commit(undefined);
      }
      append(producer, topic, ...put('a'));
      await producer.commit(undefined);
      await broker.clean();
    };
    await clock.run(work());
    broker.close();
    const second = embedded(undefined, file);
    const later = await second.kit.transport();
    const read = async (): Promise<string[]> => {
      const seen = await readAll(second.kit, later, first.partition);
      return seen.map(({ offset, ...one }) => `${offset} ${pair(one as Seen)}`);
    };
    expect(await second.clock.run(read())).toEqual(['1 b1=1', '4 b2=2', '7 b3=3', '9 a=none']);
    expect(await later.admin.endOffsets([first.partition], 'committed')).toEqual([11]);
    await second.clock.advance(70_000);
    expect(await second.clock.run(read())).toEqual(['1 b1=1', '4 b2=2', '7 b3=3']);
  });

  it('takes nothing committed for open either when records are deleted after it was cleaned', async () => {
    const file = join(tempFolder(), 'topics.db');
    const first = await scene({ ...compacted, 'cleanup.policy': 'compact,delete' }, file);
    const work = async (): Promise<void> => {
      const producer = await first.transport.producer({ transactionalId: 'id' });
      for (const pairs of [['a=1', 'b=1'], ['c=1'], ['a=2']]) {
        append(producer, first.topic, ...put(...pairs));
        await producer.commit(undefined);
      }
      await first.broker.clean();
      await first.transport.admin.deleteRecords([{ ...first.partition, before: 2 }]);
    };
    await first.clock.run(work());
    first.broker.close();
    const second = embedded(undefined, file);
    const later = await second.kit.transport();
    const seen = await second.clock.run(readAll(second.kit, later, first.partition, 'committed', 2));
    expect(seen.map(pair)).toEqual(['c=1', 'a=2']);
    expect(await later.admin.endOffsets([first.partition], 'uncommitted')).toEqual([7]);
  });

  it('does nothing by itself while no client is there', async () => {
    const first = await scene(compacted);
    const work = async (): Promise<void> => {
      await write(first.transport, first.topic, ...put('a=1', 'a=2'));
      await first.transport.close();
      await delay(first.clock, 100_000);
      await first.broker.clean();
    };
    await first.clock.run(work());
    await expect(first.clock.run(new Promise(() => {}))).rejects.toMatchObject({ code: 'INTERNAL' });
    const later = await first.kit.transport();
    const read = first.clock.run(readAll(first.kit, later, first.partition));
    expect((await read).map(pair)).toEqual(['a=2']);
  });

  property.prop([
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: row },
        { weight: 2, arbitrary: fc.constantFrom('commit' as const, 'abort' as const) },
        { weight: 1, arbitrary: fc.constant('clean' as const) },
        { weight: 1, arbitrary: fc.constant('wait' as const) },
      ),
      { maxLength: 60 },
    ),
  ])('never changes what a reader of the whole topic ends up with', async (steps) => {
    const all = await scene({ ...compacted, 'delete.retention.ms': '20000' });
    const rows = new Map<string, string | null>();
    const work = async (): Promise<void> => {
      const options = { transactionalId: 'id', transactionTimeoutMs: 900_000 };
      let producer = await all.transport.producer(options);
      let open: Row[] = [];
      for (const step of [...steps, 'commit' as const, 'clean' as const]) {
        if (typeof step !== 'string') {
          open.push(step);
          append(producer, all.topic, { key: step[0], value: step[1] });
          if (open.length % 3 === 0) await producer.flush();
        } else if (step === 'commit') {
          await producer.commit(undefined);
          for (const [key, value] of open) rows.set(key, value);
          open = [];
        } else if (step === 'abort') {
          await producer.abort();
          producer = await all.transport.producer(options);
          open = [];
        } else if (step === 'clean') await all.broker.clean();
        else await delay(all.clock, 14_000);
      }
    };
    await all.clock.run(work());
    const seen = await all.clock.run(readAll(all.kit, all.transport, all.partition));
    const read = new Map<string, string | null>();
    for (const { key, value } of seen) read.set(key!, value);
    for (const map of [rows, read]) for (const [key, value] of map) if (value === null) map.delete(key);
    expect(new Map([...read].sort())).toEqual(new Map([...rows].sort()));
    expect(seen.length).toBeLessThanOrEqual(4);
    all.broker.close();
  });
});
