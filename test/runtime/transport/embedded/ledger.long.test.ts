import { describe, expect, it } from 'vitest';
import { delay } from '../../../../src/runtime/clock.ts';
import { seededRandom } from '../../../../src/runtime/testing/seededRandom.ts';
import type { Fault, Faults } from '../../../../src/runtime/transport/embedded/faults.ts';
import type { Producer, TopicPartition, Transport } from '../../../../src/runtime/transport/transport.ts';
import { type ContractKit, readAll, values, write } from '../contractKit.ts';
import { shared, type Watched, watch } from '../groupKit.ts';
import { embedded } from './kits.ts';

const inputs = 120;
const partitions = 3;

/** Each call goes wrong with this chance, in one of the ways. */
function randomFaults(random: () => number, chance: number): Faults & { stop(): void } {
  let isOn = true;
  const ways: readonly (() => Fault)[] = [
    () => ({ kind: 'refuse' }),
    () => ({ kind: 'loseRequest' }),
    () => ({ kind: 'loseRequest', arrivesAfterMs: Math.floor(random() * 60_000) }),
    () => ({ kind: 'loseResponse' }),
    () => ({ kind: 'delayRequest', ms: Math.floor(random() * 5_000) }),
    () => ({ kind: 'delayResponse', ms: Math.floor(random() * 5_000) }),
    () => ({ kind: 'pauseClient', ms: Math.floor(random() * 15_000) }),
  ];
  return {
    on: () => (isOn && random() < chance ? ways[Math.floor(random() * ways.length)]!() : undefined),
    stop: () => {
      isOn = false;
    },
  };
}

/** Copies its partitions from one topic to another, exactly once: fence, then read positions, then work. */
async function copy(kit: ContractKit, one: Watched, group: string, from: string, to: string): Promise<void> {
  const work = async (of: TopicPartition, producer: Producer): Promise<void> => {
    const [position] = await one.transport.committed(group, [of]);
    const reader = one.transport.reader({ isolation: 'committed', maxBytes: 10_000 });
    reader.assign([{ ...of, offset: position?.offset ?? 0 }]);
    try {
      while (one.held?.includes(of.partition)) {
        const { memberId, generation } = one.member;
        for (const batch of await reader.poll(500)) {
          while (batch.next())
            producer.append(to, of.partition, batch.keyText(), batch.valueText(), batch.timestamp, []);
          const offsets = [{ ...of, offset: batch.nextOffset, metadata: '' }];
          await producer.commit({ group, memberId, generation, offsets });
        }
      }
    } finally {
      await reader.close();
    }
  };
  const task = async (of: TopicPartition): Promise<void> => {
    while (one.held?.includes(of.partition)) {
      const producer = await one.transport.producer({ transactionalId: `${group}-${of.partition}` });
      try {
        await work(of, producer);
      } catch (error) {
        expect(['FENCED', 'OUTCOME_UNKNOWN', 'BROKER_UNREACHABLE']).toContain(
          (error as { code: string }).code,
        );
        await delay(kit.clock, 100);
      }
      await producer.abort().catch((error: { code: string }) => {
        expect(['OUTCOME_UNKNOWN', 'BROKER_UNREACHABLE']).toContain(error.code);
      });
    }
  };
  const held = (one.held ?? []).map((partition) => task({ topic: from, partition }));
  await Promise.all(held);
}

async function ledger(seed: number): Promise<{ copied: (string | null)[]; took: number; faults: number }> {
  const random = seededRandom(seed);
  const faults = randomFaults(random, 0.05);
  let count = 0;
  const counted: Faults = {
    on: (call) => {
      const fault = faults.on(call);
      if (fault !== undefined) count++;
      return fault;
    },
  };
  const { clock, kit, broker } = embedded(counted);
  const run = async (): Promise<{ copied: (string | null)[]; took: number; faults: number }> => {
    const transport = await kit.transport('test');
    const [from, to] = [
      await kit.topic(transport, { partitions }),
      await kit.topic(transport, { partitions }),
    ];
    const scene = { kit, group: 'group', topic: from, log: [] };
    const members: Watched[] = [];
    const tasks: Promise<void>[] = [];
    for (const name of ['a', 'b', 'c']) {
      const one: Watched = await watch(scene, name, {
        assigned: async () => void tasks.push(copy(kit, one, 'group', from, to)),
      });
      members.push(one);
      void one.member.join();
    }
    const all = Array.from({ length: inputs }, (_, index) => ({
      partition: index % partitions,
      value: `${index}`,
    }));
    for (let at = 0; at < inputs; at += 10) {
      await write(transport, from, ...all.slice(at, at + 10));
      if (random() < 0.2) members[Math.floor(random() * 3)]!.member.rejoin();
    }
    faults.stop();
    const copied = await everything(kit, transport, to);
    await shared(kit, members, partitions);
    expect(members.flatMap(({ failed }) => failed)).toEqual([]);
    const took = clock.monotonic();
    await Promise.all(members.map(({ member }) => member.leave()));
    await Promise.all(tasks);
    return { copied, took, faults: count };
  };
  try {
    return await clock.run(run());
  } finally {
    broker.close();
  }
}

/** What committed readers see, once it is all there and nothing more comes. */
async function everything(kit: ContractKit, transport: Transport, topic: string): Promise<(string | null)[]> {
  const read = async (): Promise<(string | null)[]> => {
    const each = Array.from({ length: partitions }, (_, partition) =>
      readAll(kit, transport, { topic, partition }),
    );
    return (await Promise.all(each)).flatMap(values);
  };
  await kit.eventually(async () => new Set(await read()).size === inputs, 1_000_000);
  const settled = kit.clock.monotonic() + 100_000;
  await kit.eventually(() => kit.clock.monotonic() >= settled, 200_000);
  return read();
}

describe('embeddedBroker under seeded faults', () => {
  it('loses nothing and doubles nothing of what is copied exactly once', { timeout: 60_000 }, async () => {
    let faults = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const result = await ledger(seed);
      faults += result.faults;
      const inOrder = result.copied.toSorted((one, two) => Number(one) - Number(two));
      expect(inOrder, `seed ${seed}`).toEqual(Array.from({ length: inputs }, (_, index) => `${index}`));
    }
    expect(faults).toBeGreaterThan(500);
  });

  it('does the same again for the same seed', async () => {
    const [first, second] = [await ledger(7), await ledger(7)];
    expect(second).toEqual(first);
    expect((await ledger(8)).took).not.toBe(first.took);
  });
});
