import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { createReader } from '../../../../src/runtime/transport/kafka/fetcher.ts';
import type { Batch, Reader, ReaderOptions } from '../../../../src/runtime/transport/transport.ts';
import { dataBatch } from './batches.ts';
import { api, type Fault, ModelCluster } from './modelCluster.ts';
import type { ModelLog } from './modelLog.ts';

interface Scene {
  readonly clock: VirtualClock;
  readonly cluster: ModelCluster;
  readonly logs: ModelLog[];
  readonly reader: Reader;
}

function scene(leaders: readonly number[], options: Partial<ReaderOptions> = {}): Scene {
  const clock = virtualClock();
  const cluster = new ModelCluster(clock);
  const logs = cluster.topic('orders', ...leaders);
  const reader = createReader(cluster, { isolation: 'committed', maxBytes: 1_000_000, ...options }, clock);
  return { clock, cluster, logs, reader };
}

function fill(log: ModelLog, ...values: readonly string[]): void {
  for (const value of values) log.put(dataBatch(0, [value]));
}

const at = (partition: number, offset = 0) => ({ topic: 'orders', partition, offset });

function valuesOf(batches: readonly Batch[]): string[] {
  const values: string[] = [];
  for (const batch of batches) while (batch.next()) values.push(batch.valueText()!);
  return values;
}

/** Polls until there are so many values. */
async function take(reader: Reader, count: number): Promise<string[]> {
  const values: string[] = [];
  while (values.length < count) values.push(...valuesOf(await reader.poll(1000)));
  return values;
}

/** Polls until something is thrown. */
async function pollOn(reader: Reader): Promise<void> {
  for (let round = 0; round < 100; round++) await reader.poll(1000);
}

async function takeDespiteErrors(reader: Reader, count: number): Promise<string[]> {
  const values: string[] = [];
  for (let round = 0; round < 100 && values.length < count; round++) {
    values.push(...(await reader.poll(1000).then(valuesOf, () => [])));
  }
  return values;
}

function fetches({ cluster }: Scene): number {
  return cluster.calls.filter(({ apiKey }) => apiKey === api.fetch).length;
}

describe('createReader', () => {
  it('gives each record once and in order, whatever is lost, refused or led elsewhere', async () => {
    const faults = fc.array(
      fc.constantFrom<Fault>(undefined, undefined, 'not sent', 'answer lost', 6, 5, 3, 74, 78),
      { minLength: 1, maxLength: 30 },
    );
    const moves = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 })), {
      maxLength: 12,
    });
    const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 400 })), {
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(
        faults,
        moves,
        writes,
        fc.integer({ min: 100, max: 40_000 }),
        async (fault, move, write, maxBytes) => {
          const { clock, cluster, logs, reader } = scene([1, 2, 3, 1], { maxBytes });
          // After as many faults as there are, none: it comes to an end.
          cluster.fault = ({ apiKey, before }) => (apiKey === api.fetch ? fault[before] : undefined);
          move.forEach(([partition, leader], index) => {
            clock.after(7 * index, () => logs[partition]!.moveTo(leader));
          });
          const expected: string[][] = [[], [], [], []];
          write.forEach(([partition, size], index) => {
            const value = `${index} ${'x'.repeat(size)}`;
            expected[partition]!.push(value);
            clock.after(3 * index, () => fill(logs[partition]!, value));
          });
          reader.assign([at(0), at(1), at(2), at(3)]);
          const seen: string[][] = [[], [], [], []];
          const reading = async () => {
            for (let left = write.length; left > 0; ) {
              for (const batch of await reader.poll(1000)) {
                const values = valuesOf([batch]);
                seen[batch.partition]!.push(...values);
                left -= values.length;
              }
            }
            await reader.close();
          };
          await clock.run(reading());
          expect(seen).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('goes on at the new leader when the old one has gone', async () => {
    const { clock, cluster, logs, reader } = scene([1]);
    fill(logs[0]!, 'a');
    reader.assign([at(0)]);
    expect(await clock.run(take(reader, 1))).toEqual(['a']);
    cluster.fault = ({ node }) => (node === 1 ? 'not sent' : undefined);
    logs[0]!.moveTo(2);
    fill(logs[0]!, 'b');
    expect(await clock.run(take(reader, 1))).toEqual(['b']);
  });

  it('tells the end of an empty partition at once, not when the broker has waited', async () => {
    const { clock, reader } = scene([1]);
    reader.assign([at(0)]);
    expect(await clock.run(reader.poll(10_000))).toEqual([]);
    expect([reader.end(at(0)), clock.monotonic() < 20]).toEqual([0, true]);
  });

  it('asks twice a second while there is nothing to read', async () => {
    const all = scene([1, 1, 1]);
    all.reader.assign([at(0), at(1), at(2)]);
    await all.clock.advance(1000);
    const before = fetches(all);
    await all.clock.advance(10_000);
    expect(fetches(all) - before).toBeLessThanOrEqual(20);
  });

  it('reads a paused partition up to its bound and no further, and hands that out at once when it goes on', async () => {
    const all = scene([1, 1], { maxPartitionBytes: 100_000 });
    const { clock, logs, reader } = all;
    reader.assign([at(0), at(1)]);
    reader.pause([at(1)]);
    for (let index = 0; index < 300; index++) fill(logs[1]!, `${index} `.padEnd(5000, 'x'));
    await clock.advance(5000);
    const asked = fetches(all);
    const bytes = all.cluster.answeredBytes;
    expect(bytes).toBeLessThan(110_000);
    await clock.advance(10_000);
    // The other one is asked for twice a second.
    expect(fetches(all) - asked).toBeLessThanOrEqual(21);
    expect(all.cluster.answeredBytes - bytes).toBeLessThan(5000);
    const before = clock.monotonic();
    reader.resume([at(1)]);
    const seen = valuesOf(await clock.run(reader.poll(1000)));
    expect([seen.length > 10, clock.monotonic() - before]).toEqual([true, 0]);
    seen.push(...(await clock.run(take(reader, 300 - seen.length))));
    expect(seen.map((value) => Number(value.split(' ')[0]))).toEqual(
      Array.from({ length: 300 }, (_, n) => n),
    );
    // No byte of it was read twice.
    expect(all.cluster.answeredBytes - bytes).toBeLessThan(300 * 5200);
  });

  it('reads ahead of a partition no more than its own bound, also where the reader may hold much more', async () => {
    const { clock, logs, reader } = scene([1, 2], { maxBytes: 10_000_000, maxPartitionBytes: 50_000 });
    for (const log of logs) for (let index = 0; index < 100; index++) fill(log, 'x'.repeat(5000));
    reader.assign([at(0), at(1)]);
    await clock.advance(5000);
    const bytes = [0, 0];
    for (const batch of await clock.run(reader.poll(0))) bytes[batch.partition]! += batch.bytes;
    for (const one of bytes) {
      expect(one).toBeGreaterThan(25_000);
      expect(one).toBeLessThanOrEqual(50_000);
    }
  });

  it('has a partition soon also when two requests wait for others', async () => {
    const { clock, logs, reader } = scene([1, 1, 1]);
    reader.assign([at(0), at(1), at(2)]);
    reader.pause([at(1), at(2)]);
    await clock.advance(600);
    reader.resume([at(1)]);
    await clock.advance(10);
    fill(logs[2]!, 'a');
    const before = clock.monotonic();
    reader.resume([at(2)]);
    expect(await clock.run(take(reader, 1))).toEqual(['a']);
    expect(clock.monotonic() - before).toBeLessThan(70);
  });

  it('lets a partition with much to read not wait for one with nothing', async () => {
    const { clock, logs, reader } = scene([1, 1], { maxBytes: 100_000 });
    for (let index = 0; index < 300; index++) fill(logs[0]!, 'x'.repeat(5000));
    reader.assign([at(0), at(1)]);
    await clock.run(take(reader, 300));
    // 1.5 MB in pieces of 25 kB.
    expect(clock.monotonic()).toBeLessThan(600);
  });

  it('reads ahead no more than it may, and leaves no partition out', async () => {
    const { clock, logs, reader } = scene([1, 1, 2, 2], { maxBytes: 200_000 });
    for (const log of logs) for (let index = 0; index < 200; index++) fill(log, 'x'.repeat(5000));
    reader.assign([at(0), at(1), at(2), at(3)]);
    await clock.advance(5000);
    let [bytes, batches] = [0, await clock.run(reader.poll(0))];
    const seen = new Set<number>();
    for (const batch of batches) {
      bytes += batch.bytes;
      seen.add(batch.partition);
    }
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(200_000);
    expect([...seen].sort()).toEqual([0, 1, 2, 3]);
    batches = [];
    expect(await clock.run(take(reader, 800 - Math.round(bytes / 5000)))).toHaveLength(
      800 - Math.round(bytes / 5000),
    );
  });

  it('gets on with batches larger than what it may hold', async () => {
    const { clock, logs, reader } = scene([1, 1], { maxBytes: 1000 });
    for (const log of logs) fill(log, 'a'.repeat(50_000), 'b'.repeat(70_000));
    reader.assign([at(0), at(1)]);
    expect((await clock.run(take(reader, 4))).map((value) => value.length).sort()).toEqual([
      50_000, 50_000, 70_000, 70_000,
    ]);
  });

  it('keeps what it read ahead of a partition that is assigned again where it was', async () => {
    const all = scene([1, 1]);
    const { clock, logs, reader } = all;
    for (const log of logs) fill(log, 'a', 'b');
    reader.assign([at(0), at(1)]);
    await clock.advance(100);
    const before = fetches(all);
    reader.assign([at(0)]);
    expect(valuesOf(await clock.run(reader.poll(0)))).toEqual(['a', 'b']);
    expect(fetches(all)).toBe(before);
  });

  it('drops the answer to a question about a position it has left', async () => {
    const { clock, logs, reader } = scene([1]);
    fill(logs[0]!, 'a', 'b', 'c');
    reader.assign([at(0)]);
    await clock.advance(2); // the request is on its way
    reader.assign([at(0, 2)]);
    expect(await clock.run(take(reader, 1))).toEqual(['c']);
  });

  it('asks for nothing more when nothing is assigned any more', async () => {
    const all = scene([1]);
    fill(all.logs[0]!, 'a');
    all.reader.assign([at(0)]);
    await all.clock.advance(2);
    all.reader.assign([]);
    await all.clock.advance(5000);
    expect(fetches(all)).toBe(1);
  });

  it('throws what a broker refuses, again at each attempt, and serves the others in between', async () => {
    const { clock, cluster, logs, reader } = scene([1, 2]);
    const unauthorized = 29;
    cluster.fault = ({ apiKey, node }) => (apiKey === api.fetch && node === 1 ? unauthorized : undefined);
    fill(logs[1]!, 'a');
    reader.assign([at(0), at(1)]);
    const polled = async (): Promise<unknown[]> => {
      const answers: unknown[] = [];
      for (let count = 0; count < 6; count++) {
        try {
          answers.push(...valuesOf(await reader.poll(2000)));
        } catch (error) {
          answers.push(error);
        }
      }
      return answers;
    };
    const answers = await clock.run(polled());
    expect(answers).toContain('a');
    const errors = answers.filter((answer) => answer !== 'a');
    expect(errors.length).toBeGreaterThan(1);
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'NOT_AUTHORIZED',
        details: { topic: 'orders', partition: 0, offset: 0 },
      });
    }
  });

  it('says so when the log was cut back behind what it has handed out, again at each attempt', async () => {
    const { clock, logs, reader } = scene([1, 1]);
    fill(logs[0]!, 'a', 'b');
    reader.assign([at(0), at(1)]);
    await clock.run(take(reader, 2));
    logs[0]!.cutBackTo(1, 2);
    fill(logs[0]!, 'other', 'others');
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(clock.run(pollOn(reader))).rejects.toMatchObject({
        code: 'LOG_TRUNCATED',
        details: {
          topic: 'orders',
          partition: 0,
          offset: 2,
          found: expect.stringContaining('from offset 1'),
        },
      });
    }
    fill(logs[1]!, 'undisturbed');
    expect(await clock.run(takeDespiteErrors(reader, 1))).toEqual(['undisturbed']);
  });

  it('hands out the records of the new leader where the part that is gone was only read ahead', async () => {
    const { clock, logs, reader } = scene([1]);
    fill(logs[0]!, 'a', 'b', 'c');
    reader.assign([at(0)]);
    reader.pause([at(0)]);
    await clock.advance(1000);
    logs[0]!.cutBackTo(1, 2);
    fill(logs[0]!, 'x', 'y', 'z');
    await clock.advance(2000);
    reader.resume([at(0)]);
    expect(await clock.run(take(reader, 4))).toEqual(['a', 'x', 'y', 'z']);
  });

  it('names the range that there is when a position is outside, and neither moves nor commits', async () => {
    const { clock, cluster, logs, reader } = scene([1, 1]);
    fill(logs[0]!, 'a', 'b', 'c');
    logs[0]!.start = 1;
    fill(logs[1]!, 'other');
    for (const offset of [0, 4]) {
      reader.assign([at(0, offset), at(1)]);
      for (let attempt = 0; attempt < 2; attempt++) {
        await expect(clock.run(pollOn(reader))).rejects.toMatchObject({
          code: 'OFFSET_OUT_OF_RANGE',
          details: { topic: 'orders', partition: 0, offset, found: 'offsets 1 to 2, end 3' },
        });
      }
      expect(await clock.run(takeDespiteErrors(reader, 0))).toEqual([]);
      expect(reader.position(at(0))).toBe(offset);
    }
    const reading: readonly number[] = [api.fetch, api.listOffsets];
    expect(cluster.calls.filter(({ apiKey }) => !reading.includes(apiKey))).toEqual([]);
  });

  it('does not take a topic that was made anew for the one it has read', async () => {
    const { clock, cluster, logs, reader } = scene([1]);
    fill(logs[0]!, 'a');
    reader.assign([at(0)]);
    await clock.run(take(reader, 1));
    const [anew] = cluster.topic('orders', 1);
    fill(anew!, 'x', 'y', 'z');
    await expect(clock.run(pollOn(reader))).rejects.toMatchObject({
      code: 'LOG_TRUNCATED',
      details: { topic: 'orders', partition: 0, offset: 1, found: expect.stringContaining(anew!.topicId) },
    });
    reader.assign([at(0)]);
    expect(await clock.run(take(reader, 3))).toEqual(['x', 'y', 'z']);
  });

  it('goes on with the others while a leader does not answer, and finds who leads in its place', async () => {
    const { clock, cluster, logs, reader } = scene([1, 2]);
    reader.assign([at(0), at(1)]);
    await clock.run(reader.poll(1000));
    cluster.hung.add(1);
    await clock.advance(1000);
    for (let round = 0; round < 5; round++) {
      const before = clock.monotonic();
      fill(logs[1]!, `${round}`);
      expect(await clock.run(take(reader, 1))).toEqual([`${round}`]);
      expect(clock.monotonic() - before).toBeLessThan(20);
    }
    logs[0]!.moveTo(2);
    fill(logs[0]!, 'moved');
    const before = clock.monotonic();
    expect(await clock.run(take(reader, 1))).toEqual(['moved']);
    // Not when the request to the old leader has timed out, after 30 s.
    expect(clock.monotonic() - before).toBeLessThan(5000);
    cluster.hung.delete(1);
    fill(logs[0]!, 'after');
    expect(await clock.run(take(reader, 1))).toEqual(['after']);
  });

  it('gives what stands before a damaged batch, says what is damaged, and goes on if that is cured', async () => {
    const { clock, logs, reader } = scene([1]);
    fill(logs[0]!, 'a', 'b', 'c');
    const damaged = logs[0]!.bytesAt(1);
    damaged[65]! ^= 1;
    reader.assign([at(0)]);
    expect(valuesOf(await clock.run(reader.poll(1000)))).toEqual(['a']);
    await expect(clock.run(reader.poll(1000))).rejects.toMatchObject({
      code: 'CORRUPT_BATCH',
      details: { offset: 1 },
    });
    expect(reader.position(at(0))).toBe(1);
    damaged[65]! ^= 1;
    expect(await clock.run(take(reader, 2))).toEqual(['b', 'c']);
  });

  it('finds a topic that is made a little later, and gives up on one that is not', async () => {
    const { clock, cluster, reader } = scene([1]);
    reader.assign([{ topic: 'later', partition: 0, offset: 0 }]);
    clock.after(500, () => fill(cluster.topic('later', 1)[0]!, 'a'));
    expect(await clock.run(take(reader, 1))).toEqual(['a']);
    reader.assign([{ topic: 'never', partition: 0, offset: 0 }]);
    await expect(clock.run(reader.poll(60_000))).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
      details: { topic: 'never', partition: 0 },
    });
  });

  it('hands out a backlog in portions', async () => {
    const { clock, logs, reader } = scene([1], { maxBytes: 50_000_000 });
    for (let index = 0; index < 40; index++) fill(logs[0]!, 'x'.repeat(500_000));
    reader.assign([at(0)]);
    await clock.advance(1000);
    const first = await clock.run(reader.poll(0));
    const bytes = first.reduce((sum, batch) => sum + batch.bytes, 0);
    expect(bytes).toBeGreaterThan(3_000_000);
    expect(bytes).toBeLessThan(5_000_000);
  });

  it('ends what it has open with brokers when it is closed', async () => {
    const { clock, cluster, reader } = scene([1]);
    reader.assign([at(0)]);
    await clock.advance(100);
    await reader.close();
    const lanes = new Set(cluster.calls.map(({ lane }) => lane));
    expect(cluster.released).toEqual(expect.arrayContaining([...lanes]));
    const before = cluster.calls.length;
    await clock.advance(5000);
    expect(cluster.calls.length).toBe(before);
  });
});
