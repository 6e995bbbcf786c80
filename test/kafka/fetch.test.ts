import { afterEach, describe, expect, it } from 'vitest';
import { readCommitted } from '../../scripts/kafka/readCommitted.ts';
import { noHeaders } from '../../src/dsl/message.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import { admin } from '../../src/runtime/transport/kafka/admin.ts';
import { committed } from '../../src/runtime/transport/kafka/committed.ts';
import type { Connection } from '../../src/runtime/transport/kafka/connection.ts';
import { createReader } from '../../src/runtime/transport/kafka/fetcher.ts';
import { createProducer } from '../../src/runtime/transport/kafka/producer.ts';
import type { Producer, TopicPartition } from '../../src/runtime/transport/transport.ts';
import { eventually } from '../kit/eventually.ts';
import { brokers, javaMissing } from './brokers.ts';
import {
  connected,
  newTopic,
  pollError,
  pollValues,
  takeValues,
  unusedName,
  watched,
  write,
} from './fetchKit.ts';

let cleanup = new AsyncDisposableStack();
afterEach(async () => {
  await cleanup.disposeAsync();
  cleanup = new AsyncDisposableStack();
});

/** Bounds that make the broker cut its answers into many. */
const tiny = { isolation: 'committed', maxBytes: 20_000, maxPartitionBytes: 16_384 } as const;
const roomy = { isolation: 'committed', maxBytes: 8_000_000 } as const;

/** Writes transactions that overlap: `a` to `d` are producers, each with an id of its own. */
class Transactions {
  readonly #connection: Connection;
  readonly #at: TopicPartition;
  readonly #id = unusedName('transactions');
  readonly #open = new Map<string, Producer>();

  constructor(connection: Connection, at: TopicPartition) {
    this.#connection = connection;
    this.#at = at;
  }

  async write(who: string, value: string, key: Buffer | null = null): Promise<void> {
    let producer = this.#open.get(who);
    if (producer === undefined) {
      producer = await createProducer(
        this.#connection,
        { transactionalId: `${this.#id}-${who}` },
        systemClock,
      );
      this.#open.set(who, producer);
    }
    producer.append(this.#at.topic, this.#at.partition, key, value, systemClock.now(), noHeaders);
    await producer.flush();
  }

  async end(who: string, how: 'commit' | 'abort'): Promise<void> {
    const producer = this.#open.get(who);
    this.#open.delete(who);
    if (how === 'commit') await producer?.commit(undefined);
    await producer?.abort();
  }
}

/** The end, once every transaction is decided: an abort is answered before its markers are in the log. */
async function decidedEnd(connection: Connection, at: TopicPartition): Promise<number> {
  const { endOffsets } = admin(connection, systemClock);
  let end = -1;
  await eventually(systemClock, async () => {
    const [[stable], [last]] = [await endOffsets([at], 'committed'), await endOffsets([at], 'uncommitted')];
    end = last!;
    return stable === last;
  });
  return end;
}

/** Reads to the end, as judged by position. */
async function readToEnd(
  connection: Connection,
  at: TopicPartition,
  from = 0,
  options: { isolation: 'committed'; maxBytes: number } = roomy,
): Promise<string[]> {
  const end = await decidedEnd(connection, at);
  const reader = createReader(connection, options, systemClock);
  reader.assign([{ ...at, offset: from }]);
  const values: string[] = [];
  while (reader.position(at) < end) values.push(...(await pollValues(reader)));
  expect([reader.position(at), reader.end(at)]).toEqual([end, end]);
  await reader.close();
  return values;
}

async function scene(): Promise<{ connection: Connection; at: TopicPartition; transactions: Transactions }> {
  const connection = await connected(cleanup, brokers);
  const at = { topic: await newTopic(connection), partition: 0 };
  return { connection, at, transactions: new Transactions(connection, at) };
}

describe('a reader of committed records on a broker', () => {
  it('takes no record for a marker because of its key', async () => {
    const { connection, at, transactions } = await scene();
    const zeros = Buffer.alloc(4);
    for (const value of ['x', 'y', 'z']) await transactions.write('a', value, zeros);
    await transactions.end('a', 'abort');
    await transactions.write('a', 'kept', zeros);
    await transactions.end('a', 'commit');
    expect(await readToEnd(connection, at)).toEqual(['kept']);
  });

  it('hides aborted transactions that overlap, of which the one begun later ends first', async () => {
    const { connection, at, transactions } = await scene();
    await transactions.write('a', 'x1');
    await transactions.write('b', 'x2');
    await transactions.write('c', 'x3');
    await transactions.end('b', 'abort');
    await transactions.write('b', 'kept');
    await transactions.write('a', 'x4');
    await transactions.end('b', 'commit');
    await transactions.end('c', 'abort');
    await transactions.write('c', 'kept too');
    await transactions.end('a', 'abort');
    await transactions.end('c', 'commit');
    expect(await readToEnd(connection, at)).toEqual(['kept', 'kept too']);
    expect(await readToEnd(connection, at, 1)).toEqual(['kept', 'kept too']);
  });

  it('hides several aborted transactions of one producer in one answer', async () => {
    const { connection, at, transactions } = await scene();
    for (let round = 0; round < 5; round++) {
      await transactions.write('a', `x${round}`);
      await transactions.end('a', 'abort');
      await transactions.write('a', `kept ${round}`);
      await transactions.end('a', 'commit');
    }
    const kept = [0, 1, 2, 3, 4].map((round) => `kept ${round}`);
    expect(await readToEnd(connection, at)).toEqual(kept);
    // Each round takes four offsets; from every one of them, also from a marker.
    for (let from = 0; from < 20; from++) {
      const left = kept.filter((_, round) => 4 * round + 2 >= from);
      expect(await readToEnd(connection, at, from)).toEqual(left);
    }
  });

  it('hides an aborted transaction that is larger than an answer, and moves on over it', async () => {
    const { connection, at, transactions } = await scene();
    const large = 'x'.repeat(10_000);
    for (let index = 0; index < 40; index++) {
      await transactions.write('a', `${index} ${large}`);
      if (index % 10 === 0) await write(connection, at, [`kept ${index}`]);
    }
    await transactions.end('a', 'abort');
    const kept = ['kept 0', 'kept 10', 'kept 20', 'kept 30'];
    expect(await readToEnd(connection, at, 0, tiny)).toEqual(kept);
    expect(await readToEnd(connection, at)).toEqual(kept);
  });

  it('reaches the end where answers hold nothing but what is not shown', async () => {
    const { connection, at, transactions } = await scene();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 5; index++) await transactions.write('a', 'x'.repeat(9000));
      await transactions.end('a', 'abort');
    }
    expect(await readToEnd(connection, at, 0, tiny)).toEqual([]);
    // Begins with a marker that is the last of all.
    expect(await readToEnd(connection, at, 17)).toEqual([]);
  });

  const seed = Number(process.env['MILLRACE_SEED'] ?? systemClock.now() % 1_000_000);
  it.skipIf(javaMissing)(
    `sees what a Java consumer sees of transactions interleaved by seed ${seed}`,
    async () => {
      const { connection, at, transactions } = await scene();
      const random = seededRandom(seed);
      const draw = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
      for (let step = 0; step < 150; step++) {
        const who = draw(['a', 'b', 'c', 'd']);
        const what = draw(['write', 'write', 'write', 'commit', 'abort', 'plain'] as const);
        const value = `${step} ${'x'.repeat(Math.floor(random() * 3000))}`;
        if (what === 'plain') await write(connection, at, [value]);
        else if (what === 'write') await transactions.write(who, value, draw([null, Buffer.alloc(4)]));
        else await transactions.end(who, what);
      }
      for (const who of ['a', 'b', 'c', 'd']) await transactions.end(who, 'abort');
      const end = await decidedEnd(connection, at);
      const expected = await readCommitted(brokers, at.topic);
      for (const options of [tiny, roomy]) {
        for (const from of [0, Math.floor(random() * end), Math.floor(random() * end)]) {
          const left = expected.filter(({ offset }) => offset >= from).map(({ value }) => value);
          expect(await readToEnd(connection, at, from, options)).toEqual(left);
        }
      }
    },
  );

  it('stands before an open transaction, whose offset is the end, and finds offsets by time', async () => {
    const { connection, at, transactions } = await scene();
    const { endOffsets, offsetsAt } = admin(connection, systemClock);
    const before = systemClock.now();
    await write(connection, at, ['a', 'b']);
    await delay(systemClock, 5);
    const open = systemClock.now();
    await transactions.write('a', 'open');
    await write(connection, at, ['behind']);
    const reader = createReader(connection, roomy, systemClock);
    reader.assign([{ ...at, offset: 0 }]);
    expect(await takeValues(reader, 2)).toEqual(['a', 'b']);
    expect(await pollValues(reader, 700)).toEqual([]);
    expect([reader.position(at), reader.end(at)]).toEqual([2, 2]);
    expect(await endOffsets([at], 'committed')).toEqual([2]);
    expect(await endOffsets([at], 'uncommitted')).toEqual([4]);
    expect(await offsetsAt([at], before)).toEqual([0]);
    expect(await offsetsAt([at], open)).toEqual([2]);
    expect(await offsetsAt([at], systemClock.now() + 60_000)).toEqual([4]);
    await transactions.end('a', 'commit');
    expect(await takeValues(reader, 2)).toEqual(['open', 'behind']);
    await eventually(systemClock, async () => {
      await reader.poll(100);
      return reader.position(at) === 5 && reader.end(at) === 5;
    });
    await reader.close();
  });
});

describe('a reader on a broker', () => {
  it('names the range when a position is outside, and leaves what the group has committed alone', async () => {
    const { connection, at } = await scene();
    await write(connection, at, ['a', 'b', 'c', 'd', 'e']);
    const [group, transactionalId] = [unusedName('group'), unusedName('task')];
    const producer = await createProducer(connection, { transactionalId }, systemClock);
    const offsets = [{ ...at, offset: 1, metadata: 'mine' }];
    await producer.commit({ group, generation: -1, memberId: '', offsets });
    await producer.close();
    await admin(connection, systemClock).deleteRecords([{ ...at, before: 3 }]);
    const reader = createReader(connection, roomy, systemClock);
    for (const offset of [1, 6, 1_000_000]) {
      reader.assign([{ ...at, offset }]);
      for (let attempt = 0; attempt < 2; attempt++) {
        expect(await pollError(reader)).toMatchObject({
          code: 'OFFSET_OUT_OF_RANGE',
          details: { ...at, offset, found: 'offsets 3 to 4, end 5' },
        });
      }
      expect(reader.position(at)).toBe(offset);
    }
    expect(await committed(connection, systemClock, group, [at])).toEqual([{ offset: 1, metadata: 'mine' }]);
    reader.assign([{ ...at, offset: 5 }]);
    await write(connection, at, ['next']);
    expect(await takeValues(reader, 1)).toEqual(['next']);
    await admin(connection, systemClock).deleteRecords([{ ...at, before: 6 }]);
    reader.assign([{ ...at, offset: 2 }]);
    expect(await pollError(reader)).toMatchObject({ details: { found: 'an empty partition, its end is 6' } });
    await reader.close();
  });

  it('does not go on in a topic that was deleted and made anew', async () => {
    const { connection, at } = await scene();
    const { create, delete: remove } = admin(connection, systemClock);
    await write(connection, at, ['a', 'b']);
    const reader = createReader(connection, roomy, systemClock);
    reader.assign([{ ...at, offset: 0 }]);
    await takeValues(reader, 2);
    const other = await connected(cleanup, brokers);
    await remove([at.topic]);
    await create([{ topic: at.topic, partitions: 1 }]);
    await write(other, at, ['x', 'y', 'z']);
    expect(await pollError(reader)).toMatchObject({ code: 'LOG_TRUNCATED', details: { ...at, offset: 2 } });
    reader.assign([{ ...at, offset: 0 }]);
    expect(await takeValues(reader, 3)).toEqual(['x', 'y', 'z']);
    await reader.close();
  });

  it('asks for many idle partitions in few bytes, and ends its session', async () => {
    const { connection, fetches } = watched(await connected(cleanup, brokers));
    const partitions = 64;
    const topic = await newTopic(connection, { partitions });
    const reader = createReader(connection, roomy, systemClock);
    reader.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })));
    await eventually(systemClock, async () => {
      await reader.poll(50);
      return Array.from({ length: partitions }, (_, partition) => reader.end({ topic, partition })).every(
        (end) => end === 0,
      );
    });
    const producer = await createProducer(connection, {}, systemClock);
    const before = fetches.length;
    for (let round = 0; round < 100; round++) {
      producer.append(topic, (round * 7) % partitions, null, `${round}`, systemClock.now(), noHeaders);
      await producer.flush();
      expect(await takeValues(reader, 1)).toEqual([`${round}`]);
    }
    const after = fetches.slice(before);
    expect(after.length).toBeLessThan(150);
    expect(after.reduce((sum, { bytes }) => sum + bytes, 0) / after.length).toBeLessThan(200);
    await producer.close();
    await reader.close();
  });

  it('reads of a paused partition what it may hold, once, and goes on with that at once', async () => {
    const { connection, fetches } = watched(await connected(cleanup, brokers));
    const topic = await newTopic(connection, { partitions: 2 });
    const [hot, idle] = [0, 1].map((partition) => ({ topic, partition }));
    await write(
      connection,
      hot!,
      Array.from({ length: 1000 }, (_, index) => `${index}`.padEnd(10_000, 'x')),
      { batchBytes: 50_000 }, // an answer ends with a part of a batch, which has to be fetched again
    );
    const bounded = { ...roomy, maxPartitionBytes: 1_000_000 };
    const reader = createReader(connection, bounded, systemClock);
    reader.assign([
      { ...hot!, offset: 0 },
      { ...idle!, offset: 0 },
    ]);
    reader.pause([hot!]);
    const answered = () => fetches.reduce((sum, { answeredBytes }) => sum + answeredBytes, 0);
    await eventually(systemClock, async () => {
      await reader.poll(100);
      return answered() > 500_000;
    });
    const [count, bytes] = [fetches.length, answered()];
    expect(bytes).toBeLessThan(1_050_000);
    const waited = 3000;
    for (const until = systemClock.monotonic() + waited; systemClock.monotonic() < until; ) {
      expect(await pollValues(reader)).toEqual([]);
    }
    // Long polls of 500 ms for the other partition, and nothing for this one.
    expect(fetches.length - count).toBeLessThanOrEqual(waited / 500 + 2);
    expect(answered() - bytes).toBeLessThan(5000);
    reader.resume([hot!]);
    const asked = fetches.length;
    const first = await pollValues(reader, 0);
    expect([first.length >= 40, fetches.length - asked <= 1]).toEqual([true, true]);
    const rest = await takeValues(reader, 1000 - first.length);
    expect([...first, ...rest].map((value) => Number.parseInt(value, 10))).toEqual(
      Array.from({ length: 1000 }, (_, index) => index),
    );
    // No record was fetched twice, but for the batches that answers were cut off in.
    expect(answered()).toBeLessThan(11_000_000);
    await reader.close();
  });
});
