import { describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { createReader } from '../../../../src/runtime/transport/kafka/fetcher.ts';
import { FetchRequests } from '../../../../src/runtime/transport/kafka/fetchRequests.ts';
import { HeldAnswers } from '../../../../src/runtime/transport/kafka/heldAnswers.ts';
import { ReadPartition } from '../../../../src/runtime/transport/kafka/readPartition.ts';
import type { Batch, Reader } from '../../../../src/runtime/transport/transport.ts';
import { dataBatch } from './batches.ts';
import { api, ModelCluster } from './modelCluster.ts';
import type { ModelLog } from './modelLog.ts';

interface Scene {
  readonly clock: VirtualClock;
  readonly cluster: ModelCluster;
  readonly logs: ModelLog[];
  readonly reader: Reader;
}

/** All partitions are led by node 1, and read from their start. */
function scene(partitions: number, rack?: string): Scene {
  const clock = virtualClock();
  const cluster = new ModelCluster(clock);
  cluster.rack = rack;
  const logs = cluster.topic('orders', ...Array.from({ length: partitions }, () => 1));
  const reader = createReader(cluster, { isolation: 'committed', maxBytes: 10_000_000 }, clock);
  return { clock, cluster, logs, reader };
}

const at = (partition: number) => ({ topic: 'orders', partition, offset: 0 });

function readAll({ reader, logs }: Scene): void {
  reader.assign(logs.map(({ partition }) => at(partition)));
}

function valuesOf(batches: readonly Batch[]): string[] {
  const values: string[] = [];
  for (const batch of batches) while (batch.next()) values.push(batch.valueText()!);
  return values;
}

/** Writes one value to a partition and reads it; ms that took. */
async function passOn({ clock, logs, reader }: Scene, partition: number, value: string): Promise<number> {
  const before = clock.monotonic();
  logs[partition]!.put(dataBatch(0, [value]));
  const values: string[] = [];
  const reading = async () => {
    while (values.length === 0) values.push(...valuesOf(await reader.poll(1000)));
  };
  await clock.run(reading());
  expect(values).toEqual([value]);
  return clock.monotonic() - before;
}

describe('FetchRequests', () => {
  it('says of many idle partitions only what is new', async () => {
    const all = scene(100);
    readAll(all);
    await all.clock.advance(2000);
    const before = all.cluster.calls.length;
    for (let round = 0; round < 50; round++) await passOn(all, round % 3, `${round}`);
    const fetches = all.cluster.calls.slice(before).filter(({ apiKey }) => apiKey === api.fetch);
    expect(fetches.length).toBeLessThanOrEqual(52);
    // Named in full, 100 partitions take more than 3,000 bytes.
    expect(fetches.reduce((sum, { bytes }) => sum + bytes, 0) / fetches.length).toBeLessThan(200);
    expect(all.cluster.sessions(1).count).toBe(1);
    await all.reader.close();
    await all.clock.advance(2000);
    expect(all.cluster.sessions(1).count).toBe(0);
  });

  it('goes on when the broker has forgotten the session, or answers were lost', async () => {
    const all = scene(40);
    readAll(all);
    await all.clock.advance(2000);
    for (let round = 0; round < 30; round++) {
      if (round % 3 === 0) all.cluster.sessions(1).forgetAll();
      if (round % 4 === 0) {
        let faults = 1;
        all.cluster.fault = ({ apiKey }) =>
          apiKey === api.fetch && faults-- > 0 ? 'answer lost' : undefined;
      }
      expect(await passOn(all, round % 40, `${round}`)).toBeLessThan(1000);
    }
    const asked = all.cluster.calls.length;
    await all.clock.advance(10_000);
    expect(all.cluster.calls.length - asked).toBeLessThanOrEqual(21);
  });

  it('tells the ends of partitions that come to many others', async () => {
    const all = scene(60);
    all.reader.assign(all.logs.slice(0, 50).map(({ partition }) => at(partition)));
    await all.clock.advance(2000);
    readAll(all);
    await all.clock.advance(20);
    expect(all.logs.map(({ partition }) => all.reader.end(at(partition)))).toEqual(all.logs.map(() => 0));
  });

  it('reads from the replica that the leader names, and from the leader when that one fails', async () => {
    const all = scene(2, 'here');
    const { clock, cluster, logs } = all;
    for (const { replicas } of logs) replicas.set(2, { rack: 'here', end: 0 });
    readAll(all);
    await clock.advance(1000);
    const nodes = () => cluster.calls.filter(({ apiKey }) => apiKey === api.fetch).map(({ node }) => node);
    await passOn(all, 0, 'near');
    let before = nodes().length;
    for (let round = 0; round < 5; round++) await passOn(all, round % 2, `${round}`);
    expect(new Set(nodes().slice(before))).toEqual(new Set([2]));

    cluster.fault = ({ node }) => (node === 2 ? 'not sent' : undefined);
    before = nodes().length;
    for (let round = 0; round < 20; round++) expect(await passOn(all, 0, `${round}`)).toBeLessThan(600);
    // The dead one is not tried at every turn.
    expect(
      nodes()
        .slice(before)
        .filter((node) => node === 2).length,
    ).toBeLessThanOrEqual(2);

    cluster.fault = () => undefined;
    await clock.advance(12_000);
    before = nodes().length;
    await passOn(all, 0, 'near again');
    expect(nodes().slice(before)).toContain(2);
  });

  it.each([
    ['OFFSET_NOT_AVAILABLE', 78],
    ['OFFSET_OUT_OF_RANGE', 1],
    ['UNKNOWN_LEADER_EPOCH', 75],
    ['FENCED_LEADER_EPOCH', 74],
    ['NOT_LEADER_OR_FOLLOWER', 6],
    ['TOPIC_AUTHORIZATION_FAILED', 29],
  ])('asks the leader when a replica answers %s, which alone does not count', async (_, errorCode) => {
    const all = scene(1, 'here');
    all.logs[0]!.replicas.set(2, { rack: 'here', end: 0 });
    readAll(all);
    await all.clock.advance(1000);
    all.cluster.fault = ({ apiKey, node }) => (apiKey === api.fetch && node === 2 ? errorCode : undefined);
    for (let round = 0; round < 5; round++) expect(await passOn(all, 0, `${round}`)).toBeLessThan(700);
  });

  it('leaves a replica that does not answer soon, and others are not held up by it', async () => {
    const all = scene(2, 'here');
    all.logs[0]!.replicas.set(2, { rack: 'here', end: 0 });
    readAll(all);
    await all.clock.advance(1000);
    all.cluster.hung.add(2);
    await all.clock.advance(600);
    expect(await passOn(all, 1, 'other')).toBeLessThan(600);
    expect(await passOn(all, 0, 'from the leader')).toBeLessThan(3500);
  });

  it('names no rack to brokers unless it has one', async () => {
    const all = scene(1);
    all.logs[0]!.replicas.set(2, { rack: 'here', end: 0 });
    readAll(all);
    await passOn(all, 0, 'a');
    expect(new Set(all.cluster.fetched.map(({ rack, node }) => `${rack} ${node}`))).toEqual(new Set([' 1']));
  });

  it('asks for a megabyte at a time, however much there is and may be held', async () => {
    const all = scene(4);
    for (const log of all.logs) {
      for (let index = 0; index < 30; index++) log.put(dataBatch(0, [`${index}`.padEnd(100_000, 'x')]));
    }
    const { answeredBytes } = all.cluster;
    readAll(all);
    const values: string[] = [];
    const reading = async () => {
      while (values.length < 120) values.push(...valuesOf(await all.reader.poll(1000)));
    };
    await all.clock.run(reading());
    const fetches = all.cluster.calls.filter(({ apiKey }) => apiKey === api.fetch).length;
    const bytes = all.cluster.answeredBytes - answeredBytes;
    expect(bytes).toBeGreaterThan(12_000_000);
    expect(bytes / fetches).toBeLessThan(1_050_000);
    // And not in many small ones.
    expect(fetches).toBeLessThan(30);
  });

  it('copies out of large answers what waits in them alone, so that memory stays within the bound', async () => {
    const clock = virtualClock();
    const cluster = new ModelCluster(clock);
    const logs = cluster.topic('orders', 1, 1, 1, 1);
    for (const log of logs) {
      for (let index = 0; index < 60; index++) log.put(dataBatch(0, [`${index}`.padEnd(10_000, 'x')]));
    }
    const options = { isolation: 'committed', maxBytes: 400_000 } as const;
    const held = new HeldAnswers();
    const requests = new FetchRequests(cluster, options, clock, held, () => {});
    const partitions = logs.map((log) => new ReadPartition(log, 0, 'committed', held));
    requests.readFor(partitions);
    const [waiting, ...others] = partitions;
    const seen: string[] = [];
    const takeFrom = (partition: ReadPartition) => {
      for (let batch = partition.take(); batch !== undefined; batch = partition.take()) {
        while (batch.next()) seen.push(batch.valueText()!);
      }
    };
    for (let round = 0; round < 100; round++) {
      await clock.advance(10);
      // An eighth may be waste, as the frames of the answers are.
      expect(held.bytes).toBeLessThanOrEqual(450_000);
      for (const partition of others) takeFrom(partition);
      requests.pump();
    }
    expect(seen).toHaveLength(180);
    for (let round = 0; round < 100; round++) {
      takeFrom(waiting!);
      requests.pump();
      await clock.advance(10);
    }
    expect(seen.slice(180).map((value) => Number.parseInt(value, 10))).toEqual(
      Array.from({ length: 60 }, (_, index) => index),
    );
    requests.close();
  });
});
