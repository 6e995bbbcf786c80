import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../../src/dsl/message.ts';
import { MillraceError } from '../../../../src/errors.ts';
import { delay } from '../../../../src/runtime/clock.ts';
import { type VirtualClock, virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { createReader } from '../../../../src/runtime/transport/kafka/fetcher.ts';
import { createProducer } from '../../../../src/runtime/transport/kafka/producer.ts';
import type { OffsetsToCommit, Producer } from '../../../../src/runtime/transport/transport.ts';
import { api, type Call, type Fault, ModelCluster } from './modelCluster.ts';
import type { ModelLog } from './modelLog.ts';

interface Scene {
  readonly clock: VirtualClock;
  readonly cluster: ModelCluster;
  readonly logs: ModelLog[];
  readonly producer: Producer;
}

const id = { transactionalId: 'task' };

async function scene(...leaders: readonly number[]): Promise<Scene> {
  const clock = virtualClock();
  const cluster = new ModelCluster(clock);
  const logs = cluster.topic('orders', ...leaders);
  const producer = await clock.run(createProducer(cluster, id, clock));
  return { clock, cluster, logs, producer };
}

function append(producer: Producer, partition: number, ...values: readonly string[]): void {
  for (const value of values) producer.append('orders', partition, null, value, 1000, noHeaders);
}

function positions(offset: number): OffsetsToCommit {
  const offsets = [{ topic: 'source', partition: 0, offset, metadata: '' }];
  return { group: 'group', generation: 1, memberId: 'member', offsets };
}

function count({ cluster }: Scene, apiKey: number): number {
  return cluster.calls.filter((call) => call.apiKey === apiKey).length;
}

function failing(apiKey: number, ...faults: readonly Fault[]): (call: Call) => Fault {
  return (call) => (call.apiKey === apiKey ? faults[call.before] : undefined);
}

/** What is committed of a partition, once nothing fails and nothing is under way any more. */
async function committed(
  { clock, cluster }: Pick<Scene, 'clock' | 'cluster'>,
  partition: number,
): Promise<string[]> {
  cluster.fault = () => undefined;
  await clock.advance(10_000);
  const reader = createReader(cluster, { isolation: 'committed', maxBytes: 1_000_000 }, clock);
  const of = { topic: 'orders', partition };
  reader.assign([{ ...of, offset: 0 }]);
  const values: string[] = [];
  const reading = async () => {
    while (reader.position(of) < (reader.end(of) ?? 1)) {
      for (const batch of await reader.poll(1000)) while (batch.next()) values.push(batch.valueText()!);
    }
  };
  await clock.run(reading());
  await reader.close();
  return values;
}

function failureOf(work: Promise<unknown>): Promise<MillraceError> {
  return work.then(
    () => Promise.reject(new Error('it should have failed')),
    (error) => error,
  );
}

describe('a transactional producer', () => {
  it('tells the coordinator of all partitions of a commit at once, and of none twice', async () => {
    const all = await scene(1, 2, 3);
    const { clock, cluster, producer } = all;
    cluster.transactions.markerMs = 0;
    for (let partition = 0; partition < 3; partition++) append(producer, partition, 'a');
    await clock.run(producer.flush());
    append(producer, 1, 'b');
    await clock.run(producer.commit(undefined));
    expect(count(all, api.addPartitions)).toBe(1);
    append(producer, 1, 'c');
    await clock.run(producer.commit(undefined));
    expect([count(all, api.addPartitions), count(all, api.endTxn)]).toEqual([2, 2]);
    expect([await committed(all, 0), await committed(all, 1)]).toEqual([['a'], ['a', 'b', 'c']]);
  });

  it('waits until the coordinator has heard of a new topic, whichever of several it is', async () => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    cluster.topic('late', 1);
    cluster.transactions.unheard.add('late');
    clock.after(200, () => cluster.transactions.unheard.delete('late'));
    append(producer, 0, 'a');
    producer.append('late', 0, null, 'b', 1000, noHeaders);
    await clock.run(producer.commit(undefined));
    expect(await committed(all, 0)).toEqual(['a']);
  });

  it('asks nobody where there is nothing to commit', async () => {
    const all = await scene(1);
    await all.clock.run(all.producer.commit(undefined));
    await all.clock.run(all.producer.commit({ ...positions(1), offsets: [] }));
    expect(all.cluster.calls.map(({ apiKey }) => apiKey)).toEqual([api.init]);
  });

  it('repeats EndTxn when it was answered and refused for now, or was never sent', async () => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    cluster.fault = failing(api.endTxn, 14, 15, 16, 51, 'not sent');
    append(producer, 0, 'a');
    await clock.run(producer.commit(undefined));
    expect(count(all, api.endTxn)).toBe(6);
    expect(await committed(all, 0)).toEqual(['a']);
  });

  it.each<[string, Fault, boolean]>([
    ['was done and its answer lost', 'answer lost', true],
    ['is done after everybody has given it up', { doneAfterMs: 3000 }, false],
  ])(
    'does not know what came of an EndTxn that %s, and does not send it again',
    async (_, fault, wasCommitted) => {
      const all = await scene(1);
      const { clock, cluster, producer } = all;
      cluster.fault = failing(api.endTxn, fault);
      append(producer, 0, 'a');
      const commit = failureOf(producer.commit(undefined));
      expect(await clock.run(commit)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await expect(clock.run(producer.commit(undefined))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(() => append(producer, 0, 'b')).toThrow(MillraceError);
      await clock.run(producer.abort());
      expect(count(all, api.endTxn)).toBe(1);
      const heir = await clock.run(createProducer(cluster, id, clock));
      append(heir, 0, 'heir');
      await clock.run(heir.commit(undefined));
      expect(await committed(all, 0)).toEqual(wasCommitted ? ['a', 'heir'] : ['heir']);
    },
  );

  it('does not know either when the coordinator says to the end that it is not available', async () => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    cluster.requestTimeoutMs = 1000;
    cluster.fault = ({ apiKey }) => (apiKey === api.endTxn ? 15 : undefined);
    append(producer, 0, 'a');
    const error = await clock.run(failureOf(producer.commit(undefined)));
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(String(error)).toContain('COORDINATOR_NOT_AVAILABLE');
  });

  it('asks again within milliseconds while the transaction before is being ended, and only then', async () => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    const took = async (errorCode: number): Promise<number> => {
      const { length } = cluster.calls.filter(({ apiKey }) => apiKey === api.addOffsets);
      cluster.fault = ({ apiKey, before }) =>
        apiKey === api.addOffsets && before < length + 5 ? errorCode : undefined;
      const begun = clock.monotonic();
      await clock.run(producer.commit(positions(1)));
      await clock.advance(100); // the markers
      return clock.monotonic() - begun - 100;
    };
    // Five pauses: 5, 10, 20, 20, 20 ms; else 20 to 320 ms, three quarters of it.
    expect(await took(51)).toBeLessThan(110);
    expect(await took(14)).toBeGreaterThan(400);
  });

  it('repeats what does no harm when it arrives twice', async () => {
    const all = await scene(1, 2);
    const { clock, cluster, producer } = all;
    cluster.fault = ({ apiKey, before }) =>
      [api.addPartitions, api.addOffsets].includes(apiKey)
        ? ([14, 'answer lost', { doneAfterMs: 30 }, 'not sent', 16] as Fault[])[before]
        : undefined;
    append(producer, 0, 'a');
    append(producer, 1, 'b');
    await clock.run(producer.commit(positions(7)));
    expect([await committed(all, 0), await committed(all, 1)]).toEqual([['a'], ['b']]);
    expect(cluster.transactions.committed.get('group source-0')).toBe(7);
  });

  it('repeats TxnOffsetCommit when it was refused for now, but not when its answer was lost', async () => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    cluster.fault = failing(api.offsets, 14, 'not sent', 16);
    await clock.run(producer.commit(positions(7)));
    expect(count(all, api.offsets)).toBe(4);
    cluster.fault = ({ apiKey }) => (apiKey === api.offsets ? 'answer lost' : undefined);
    append(producer, 0, 'a');
    const error = await clock.run(failureOf(producer.commit(positions(8))));
    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(count(all, api.offsets)).toBe(5);
    expect(count(all, api.endTxn)).toBe(1);
    await clock.run(producer.abort());
    await clock.run(createProducer(cluster, id, clock));
    expect(await committed(all, 0)).toEqual([]);
    expect(cluster.transactions.committed.get('group source-0')).toBe(7);
  });

  it.each([
    [api.addPartitions, 47, 'FENCED'],
    [api.addPartitions, 90, 'FENCED'],
    [api.addPartitions, 53, 'NOT_AUTHORIZED'],
    [api.addPartitions, 29, 'NOT_AUTHORIZED'],
    [api.produce, 47, 'FENCED'],
    [api.produce, 90, 'FENCED'],
    [api.addOffsets, 47, 'FENCED'],
    [api.offsets, 22, 'FENCED'],
    [api.offsets, 25, 'FENCED'],
    [api.offsets, 30, 'NOT_AUTHORIZED'],
    [api.offsets, 27, 'FENCED'],
    [api.offsets, 82, 'FENCED'],
    [api.offsets, 120, 'PRODUCER_LOST'],
    [api.addPartitions, 49, 'PRODUCER_LOST'],
    [api.addPartitions, 59, 'PRODUCER_LOST'],
    [api.addOffsets, 49, 'PRODUCER_LOST'],
    [api.addOffsets, 120, 'PRODUCER_LOST'],
    [api.produce, 45, 'PRODUCER_LOST'],
    [api.produce, 48, 'PRODUCER_LOST'],
    [api.produce, 59, 'PRODUCER_LOST'],
    [api.produce, 120, 'PRODUCER_LOST'],
    [api.endTxn, 47, 'FENCED'],
    [api.endTxn, 90, 'FENCED'],
    [api.endTxn, 48, 'BROKER_REFUSED'],
    [api.endTxn, 49, 'PRODUCER_LOST'],
    [api.endTxn, 120, 'PRODUCER_LOST'],
    [api.endTxn, -1, 'OUTCOME_UNKNOWN'],
  ])('dies of an answer that nothing can cure: API %i, error %i, %s', async (apiKey, errorCode, expected) => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    cluster.fault = (call) => (call.apiKey === apiKey ? errorCode : undefined);
    append(producer, 0, 'a');
    const error = await clock.run(failureOf(producer.commit(positions(1))));
    expect(error).toMatchObject({ code: expected });
    expect(error.details.next).toBeTruthy();
    await expect(clock.run(producer.flush())).rejects.toBe(error);
    const before = cluster.calls.length;
    await clock.advance(10_000);
    expect(cluster.calls.length).toBe(before);
    await clock.run(producer.abort());
    expect(count(all, api.endTxn)).toBe(apiKey === api.endTxn ? 1 : 0);
    expect(await committed(all, 0)).toEqual([]);
  });

  it('keeps what is appended while a commit is under way for the next, and sends none of it before', async () => {
    const all = await scene(1);
    const { clock, cluster, logs, producer } = all;
    cluster.transactions.markerMs = 40;
    append(producer, 0, 'a');
    const first = producer.commit(positions(1));
    append(producer, 0, 'b');
    const second = producer.commit(positions(2));
    append(producer, 0, 'c');
    const flushed = producer.flush();
    await clock.run(first);
    expect(logs[0]!.end).toBe(1);
    await clock.run(Promise.all([second, flushed]));
    await clock.run(producer.abort());
    expect(await committed(all, 0)).toEqual(['a', 'b']);
    expect(cluster.transactions.committed.get('group source-0')).toBe(2);
  });

  it('ends an abort with nothing of it under way', async () => {
    const all = await scene(1, 2);
    const { clock, cluster, logs, producer } = all;
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    cluster.latencyMs = 100;
    append(producer, 0, 'b'.repeat(1_000_000), 'b'.repeat(1_000_000));
    await clock.advance(10);
    const end = logs[0]!.end;
    await clock.run(producer.abort());
    const last = cluster.calls.at(-1)!;
    expect([last.apiKey, logs[0]!.end]).toEqual([api.endTxn, end + 2]); // one batch, one marker
    expect(await committed(all, 0)).toEqual([]);
    await expect(producer.commit(undefined)).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  it('does not wait with an abort for a commit that cannot go on', async () => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    cluster.fault = ({ apiKey }) => (apiKey === api.produce ? 19 : undefined);
    append(producer, 0, 'a');
    const commit = failureOf(producer.commit(positions(1)));
    await clock.advance(500);
    const before = clock.monotonic();
    await clock.run(producer.abort());
    expect(await commit).toMatchObject({ code: 'TRANSPORT_CLOSED' });
    expect(clock.monotonic() - before).toBeLessThan(200);
    expect(cluster.transactions.committed.size).toBe(0);
  });

  it.each<[string, number, string]>([
    ['of batches', api.produce, 'TRANSPORT_CLOSED'],
    ['of TxnOffsetCommit', api.offsets, 'TRANSPORT_CLOSED'],
    ['of EndTxn', api.endTxn, 'OUTCOME_UNKNOWN'],
  ])('does not wait for long with an abort for answers %s that do not come', async (_, slow, expected) => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    cluster.fault = ({ apiKey }) => {
      if (apiKey === slow) cluster.latencyMs = 20_000;
      return undefined;
    };
    append(producer, 0, 'a');
    const commit = failureOf(producer.commit(positions(1)));
    await clock.advance(20);
    const begun = clock.monotonic();
    await clock.run(producer.abort());
    expect(await commit).toMatchObject({ code: expected });
    expect(clock.monotonic() - begun).toBeLessThanOrEqual(2000);
    cluster.fault = () => undefined;
    cluster.latencyMs = 1;
    const heir = await clock.run(createProducer(cluster, id, clock));
    append(heir, 0, 'heir');
    await clock.run(heir.commit(positions(2)));
    await clock.advance(60_000); // what is late arrives
    expect([['heir'], ['a', 'heir']]).toContainEqual(await committed(all, 0));
    expect(cluster.transactions.committed.get('group source-0')).toBe(2);
  });

  it('leaves nothing open when it is aborted after it has died, nor shuts out another one', async () => {
    const all = await scene(1, 2);
    const { clock, cluster, logs, producer } = all;
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    cluster.fault = ({ apiKey }) => (apiKey === api.produce ? 29 : undefined);
    append(producer, 1, 'b');
    await clock.run(failureOf(producer.flush()));
    expect(logs[0]!.lastStableOffset).toBe(0);
    await clock.run(producer.abort());
    await clock.advance(100);
    expect([logs[0]!.lastStableOffset, count(all, api.endTxn)]).toEqual([2, 0]);
    cluster.fault = () => undefined;

    const [dead, heir] = [
      await clock.run(createProducer(cluster, id, clock)),
      await clock.run(createProducer(cluster, id, clock)),
    ];
    append(heir, 0, 'heir');
    await clock.run(heir.flush());
    append(dead, 0, 'zombie');
    await clock.run(failureOf(dead.flush()));
    await clock.run(dead.abort());
    await clock.run(heir.commit(undefined));
    expect(await committed(all, 0)).toEqual(['heir']);
  });

  it('asks for its own end when it has died, not for that of whoever has come after it', async () => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    cluster.fault = ({ apiKey }) => (apiKey === api.produce ? 29 : undefined);
    append(producer, 0, 'b');
    await clock.run(failureOf(producer.flush()));
    cluster.fault = () => undefined;
    const heir = await clock.run(createProducer(cluster, id, clock));
    append(heir, 0, 'heir');
    await clock.run(heir.flush());
    await clock.run(producer.abort());
    await clock.run(heir.commit(undefined));
    expect(await committed(all, 0)).toEqual(['heir']);
  });

  it('lets a commit that is being decided be decided when it is aborted', async () => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    cluster.latencyMs = 50;
    const commit = producer.commit(undefined);
    await clock.advance(10);
    expect(count(all, api.endTxn)).toBe(1);
    await clock.run(producer.abort());
    await commit;
    expect(count(all, api.endTxn)).toBe(1);
    expect(await committed(all, 0)).toEqual(['a']);
  });

  it('does not abort what it does not know the fate of', async () => {
    const all = await scene(1);
    const { clock, cluster, producer } = all;
    cluster.fault = failing(api.endTxn, 'answer lost');
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    const commit = failureOf(producer.commit(undefined));
    await clock.advance(1);
    await clock.run(producer.abort());
    expect(await commit).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(count(all, api.endTxn)).toBe(1);
  });

  it('begins no further commit once it is aborted, and aborts what that was about', async () => {
    const all = await scene(1);
    const { clock, producer } = all;
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    const first = producer.commit(undefined);
    append(producer, 0, 'b');
    const second = failureOf(producer.commit(undefined));
    await clock.advance(1);
    await clock.run(producer.abort());
    await first;
    expect(await second).toMatchObject({ code: 'TRANSPORT_CLOSED' });
    expect(await committed(all, 0)).toEqual(['a']);
  });

  it('comes to life again within milliseconds of the end of its predecessor', async () => {
    const { clock, cluster, producer } = await scene(1);
    append(producer, 0, 'a');
    await clock.run(producer.flush());
    cluster.transactions.markerMs = 30;
    const before = clock.monotonic();
    await clock.run(createProducer(cluster, id, clock));
    expect(clock.monotonic() - before).toBeLessThan(70);
  });

  it('makes everything count once, whatever is lost, late or refused, and whoever comes back from the dead', async () => {
    const fault = fc.constantFrom<Fault>(
      undefined,
      undefined,
      undefined,
      'not sent',
      'answer lost',
      { doneAfterMs: 15 },
      { doneAfterMs: 200 },
      { doneAfterMs: 1500 },
      7,
      14,
      15,
      16,
      51,
    );
    const faults = fc.array(fault, { minLength: 5, maxLength: 80 });
    const zombies = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(faults, zombies, fc.integer({ min: 1, max: 7 }), async (fault, takeovers, step) => {
        const clock = virtualClock();
        const cluster = new ModelCluster(clock);
        cluster.topic('orders', 1, 2, 3);
        let calls = 0;
        cluster.fault = ({ apiKey }) => (apiKey === api.fetch ? undefined : fault[calls++]);
        const workers = [0, ...takeovers].map(async (startMs) => {
          await delay(clock, startMs);
          const isNewest = startMs === Math.max(0, ...takeovers);
          await copying(cluster, clock, { end: 40, step, stopsWhenFenced: !isNewest });
        });
        await clock.run(Promise.all(workers));
        const seen: string[] = [];
        for (let partition = 0; partition < 3; partition++) {
          const values = await committed({ clock, cluster }, partition);
          expect(values).toEqual(values.toSorted((a, b) => Number(a) - Number(b)));
          seen.push(...values);
        }
        const all = Array.from({ length: 40 }, (_, index) => `${index}`);
        expect(seen.sort((a, b) => Number(a) - Number(b))).toEqual(all);
        expect(cluster.transactions.committed.get('group source-0')).toBe(40);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});

interface Copying {
  readonly end: number;
  readonly step: number;
  /** As a worker whose group has given the task to another. */
  readonly stopsWhenFenced: boolean;
}

/** A task that writes the numbers below `end`, a few in each transaction, and begins anew after each failure. */
async function copying(cluster: ModelCluster, clock: VirtualClock, options: Copying): Promise<void> {
  const { end, step, stopsWhenFenced } = options;
  for (let lives = 0; lives < 200; lives++) {
    let producer: Producer | undefined;
    try {
      producer = await createProducer(cluster, id, clock);
      // After the fence: nobody else can move it now.
      let next = cluster.transactions.committed.get('group source-0') ?? 0;
      while (next < end) {
        const upTo = Math.min(end, next + step);
        for (; next < upTo; next++) append(producer, next % 3, `${next}`);
        if (next % 2 === 0) await delay(clock, 3);
        await producer.commit(positions(next));
      }
      return await producer.close();
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      // As a process that is killed, or one that cleans up behind itself.
      if (lives % 2 === 0) await producer?.abort().catch(() => undefined);
      if (error.code === 'FENCED' && stopsWhenFenced) return;
      await delay(clock, 20);
    }
  }
  throw new Error('it never ends');
}
