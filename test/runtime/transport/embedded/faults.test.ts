import { describe, expect, it } from 'vitest';
import { delay } from '../../../../src/runtime/clock.ts';
import type { Call, Fault, Faults } from '../../../../src/runtime/transport/embedded/faults.ts';
import type { Transport } from '../../../../src/runtime/transport/transport.ts';
import { append, numbered, open, readAll, records, values, write } from '../contractKit.ts';
import { sessionTimeoutMs, shared, watch } from '../groupKit.ts';
import { type Embedded, embedded } from './kits.ts';

interface Plan {
  readonly api: Call['api'];
  readonly clientId?: string;
  readonly fault: Fault;
}

/** Faults that a test plans one by one: each is for the next call of its kind. */
class Planned implements Faults {
  readonly #plan: Plan[] = [];
  readonly calls: Call['api'][] = [];

  next(api: Call['api'], fault: Fault, times = 1): void {
    for (; times > 0; times--) this.#plan.push({ api, fault });
  }

  of(clientId: string, api: Call['api'], fault: Fault): void {
    this.#plan.push({ api, clientId, fault });
  }

  on(call: Call): Fault | undefined {
    this.calls.push(call.api);
    const isFor = (one: Plan): boolean =>
      one.api === call.api && (one.clientId ?? call.clientId) === call.clientId;
    const index = this.#plan.findIndex(isFor);
    return index < 0 ? undefined : this.#plan.splice(index, 1)[0]!.fault;
  }
}

interface Scene extends Embedded {
  readonly faults: Planned;
  readonly transport: Transport;
  readonly topic: string;
  readonly partition: { readonly topic: string; readonly partition: number };
  read(): Promise<(string | null)[]>;
}

function check(sentence: string, body: (scene: Scene) => Promise<void>): void {
  it(sentence, async () => {
    const faults = new Planned();
    const all = embedded(faults);
    const run = async (): Promise<void> => {
      const transport = await all.kit.transport('client');
      const topic = await all.kit.topic(transport, { partitions: 4 });
      const partition = { topic, partition: 0 };
      const read = async (): Promise<(string | null)[]> =>
        values(await readAll(all.kit, transport, partition));
      await body({ ...all, faults, transport, topic, partition, read });
    };
    await all.clock.run(run());
  });
}

const lost: readonly Fault[] = [
  { kind: 'refuse' },
  { kind: 'loseRequest' },
  { kind: 'loseResponse' },
  { kind: 'loseRequest', arrivesAfterMs: 30_050 },
  { kind: 'loseRequest', arrivesAfterMs: 500_000 },
  { kind: 'delayRequest', ms: 100 },
  { kind: 'delayResponse', ms: 100 },
  { kind: 'pauseClient', ms: 100 },
];

describe('Faults', () => {
  for (const fault of lost) {
    check(`do not make a producer write twice or not at all: ${JSON.stringify(fault)}`, async (scene) => {
      const { faults, transport, topic, clock, read } = scene;
      const producer = await transport.producer({});
      for (let round = 0; round < 3; round++) {
        faults.next('produce', fault, 1 + round);
        append(producer, topic, ...numbered(2, round * 2));
        await producer.flush();
        await delay(clock, 1_000);
      }
      await delay(clock, 1_000_000);
      expect(await read()).toEqual(['0', '1', '2', '3', '4', '5']);
    });
  }

  check('end a producer that gets no answer for too long', async ({ faults, transport, topic, clock }) => {
    const producer = await transport.producer({});
    faults.next('produce', { kind: 'refuse' }, 10_000);
    append(producer, topic, ...numbered(1));
    const started = clock.monotonic();
    await expect(producer.flush()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(clock.monotonic() - started).toBe(120_000);
    expect(() => append(producer, topic, ...numbered(1))).toThrow();
  });

  check('repeat a commit that was refused', async ({ faults, transport, topic, read }) => {
    const producer = await transport.producer({ transactionalId: 'id' });
    append(producer, topic, ...numbered(1));
    faults.next('endTxn', { kind: 'refuse' }, 3);
    await producer.commit(undefined);
    expect(await read()).toEqual(['0']);
  });

  for (const [kind, decided] of [
    ['loseRequest', []],
    ['loseResponse', ['0']],
  ] as const) {
    check(`leave a commit unknown and are settled by the next producer of the id: ${kind}`, async (scene) => {
      const { faults, transport, topic, partition, read } = scene;
      const producer = await transport.producer({ transactionalId: 'id' });
      append(producer, topic, ...numbered(1));
      faults.next('endTxn', { kind });
      const offsets = [{ ...partition, offset: 1, metadata: '' }];
      const commit = producer.commit({ group: 'group', generation: -1, memberId: '', offsets });
      await expect(commit).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(faults.calls.filter((api) => api === 'endTxn')).toHaveLength(1);
      await expect(producer.flush()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await producer.abort();
      await transport.producer({ transactionalId: 'id' });
      expect(await read()).toEqual(decided);
      const [position] = await transport.committed('group', [partition]);
      expect(position?.offset).toBe(decided.length > 0 ? 1 : undefined);
    });
  }

  check(
    'cannot make a commit that comes too late count',
    async ({ faults, transport, topic, clock, read }) => {
      const producer = await transport.producer({ transactionalId: 'id' });
      append(producer, topic, ...numbered(1));
      faults.next('endTxn', { kind: 'loseRequest', arrivesAfterMs: 40_000 });
      await expect(producer.commit(undefined)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      const heir = await transport.producer({ transactionalId: 'id' });
      append(heir, topic, ...numbered(1, 1));
      await heir.flush();
      await delay(clock, 20_000);
      expect(await read()).toEqual([]);
      await heir.commit(undefined);
      expect(await read()).toEqual(['1']);
    },
  );

  check('show that committed() waits until a transaction is decided', async (scene) => {
    const { faults, transport, topic, partition, clock, kit } = scene;
    const other = await kit.transport();
    for (const [kind, expected] of [
      ['delayRequest', 1],
      ['loseRequest', 1],
      ['delayRequest', 3],
    ] as const) {
      const producer = await transport.producer({ transactionalId: 'id', transactionTimeoutMs: 50_000 });
      const offsets = [{ ...partition, offset: kind === 'loseRequest' ? 2 : expected, metadata: '' }];
      append(producer, topic, ...numbered(1));
      faults.next('endTxn', kind === 'loseRequest' ? { kind } : { kind, ms: 5_000 });
      const started = clock.monotonic();
      const commit = producer
        .commit({ group: 'group', generation: -1, memberId: '', offsets })
        .catch(() => 'unknown');
      await delay(clock, 10);
      const [[position], [unrelated]] = await Promise.all([
        other.committed('group', [partition]),
        other.committed('group', [{ topic, partition: 1 }]).then((answer) => {
          expect(clock.monotonic() - started).toBe(10);
          return answer;
        }),
      ]);
      expect([position?.offset, unrelated]).toEqual([expected, undefined]);
      expect(clock.monotonic() - started).toBe(kind === 'loseRequest' ? 50_000 : 5_000);
      await commit;
    }
  });

  check('hold back what a reader gets', async ({ faults, transport, topic, partition, clock }) => {
    await write(transport, topic, ...numbered(1));
    const reader = open(transport);
    reader.assign([{ ...partition, offset: 0 }]);
    for (const [fault, ms] of [
      [{ kind: 'delayResponse', ms: 700 }, 700],
      [{ kind: 'refuse' }, 100],
      [{ kind: 'loseResponse' }, 30_000],
      [{ kind: 'pauseClient', ms: 3_000 }, 3_000],
    ] as const) {
      reader.assign([{ ...partition, offset: 0 }]);
      faults.next('fetch', fault);
      const started = clock.monotonic();
      expect(values(records(await reader.poll(60_000)))).toEqual(['0']);
      expect(clock.monotonic() - started).toBe(ms);
      faults.next('fetch', { kind: 'delayRequest', ms: 1_000 });
      expect(await reader.poll(10)).toEqual([]);
    }
  });

  check('cost a member its place when its heartbeats are lost', async (scene) => {
    const { faults, kit, topic } = scene;
    const watched = { kit, group: 'group', topic, log: [] };
    const a = await watch(watched, 'a');
    await a.member.join();
    for (let times = 0; times < 5; times++) faults.of('a', 'heartbeat', { kind: 'loseRequest' });
    await kit.eventually(() => a.lost.length === 1);
    await shared(kit, [a]);
    expect([a.lost.length, a.failed]).toEqual([1, []]);
  });

  check(
    'do not let a member act on a heartbeat that is answered late',
    async ({ faults, kit, topic, clock }) => {
      const watched = { kit, group: 'group', topic, log: [] };
      const [a, b] = [await watch(watched, 'a'), await watch(watched, 'b')];
      await Promise.all([a.member.join(), b.member.join()]);
      await shared(kit, [a, b]);
      b.member.rejoin();
      faults.of('a', 'heartbeat', { kind: 'delayResponse', ms: 4_000 });
      await delay(clock, 300);
      a.member.rejoin();
      await shared(kit, [a, b]);
      const { generation } = a.member;
      await delay(clock, 10_000);
      expect([a.member.generation, a.lost, b.lost]).toEqual([generation, [], []]);
    },
  );

  check('do not throw a member out whose heartbeat arrives while it waits to join', async (scene) => {
    const { faults, kit, topic, clock } = scene;
    const watched = { kit, group: 'group', topic, log: [] };
    const a = await watch(watched, 'a');
    const b = await watch(watched, 'b', { revoked: () => delay(clock, sessionTimeoutMs + 3_000) });
    await Promise.all([a.member.join(), b.member.join()]);
    await shared(kit, [a, b]);
    const { memberId } = a.member;
    faults.of('a', 'heartbeat', { kind: 'delayRequest', ms: 500 });
    await delay(clock, 300);
    a.member.rejoin();
    await delay(clock, 300);
    await shared(kit, [a, b]);
    expect([a.member.memberId, a.lost]).toEqual([memberId, []]);
  });

  check('keep the answer to a join from a client that stands still', async (scene) => {
    const { faults, kit, topic, clock, partition } = scene;
    const watched = { kit, group: 'group', topic, log: [] };
    const a = await watch(watched, 'a');
    const b = await watch(watched, 'b', { revoked: () => delay(clock, 1_000) });
    await b.member.join();
    const joining = a.member.join();
    const reader = open(a.transport);
    reader.assign([{ ...partition, offset: 0 }]);
    faults.of('a', 'fetch', { kind: 'pauseClient', ms: 4_000 });
    await reader.poll(0);
    const started = clock.monotonic();
    await joining;
    expect(clock.monotonic() - started).toBe(4_000);
  });

  check('take no assignment from before the group has given the member up', async (scene) => {
    const { faults, kit, topic, clock } = scene;
    const watched = { kit, group: 'group', topic, log: [] };
    const a = await watch(watched, 'a');
    const b = await watch(watched, 'b');
    await Promise.all([a.member.join(), b.member.join()]);
    await shared(kit, [a, b]);
    faults.of('b', 'syncGroup', { kind: 'delayResponse', ms: 800 });
    b.member.rejoin();
    await kit.eventually(() => faults.calls.at(-1) === 'syncGroup');
    faults.of('b', 'heartbeat', { kind: 'pauseClient', ms: sessionTimeoutMs * 3 });
    await delay(clock, sessionTimeoutMs * 10);
    await shared(kit, [a, b]);
  });

  for (const api of ['joinGroup', 'syncGroup', 'leaveGroup', 'heartbeat', 'offsetCommit'] as const) {
    for (const fault of lost) {
      check(`leave no member behind that does not exist: ${api} ${JSON.stringify(fault)}`, async (scene) => {
        const { faults, kit, topic, clock, partition, transport } = scene;
        const watched = { kit, group: 'group', topic, log: [] };
        const a = await watch(watched, 'a', { rebalanceTimeoutMs: 20_000 });
        const b = await watch(watched, 'b', { rebalanceTimeoutMs: 20_000 });
        faults.of('a', api, fault);
        await Promise.all([a.member.join(), b.member.join()]);
        await shared(kit, [a, b]);
        faults.of('b', api, fault);
        b.member.rejoin();
        await delay(clock, 1_000);
        await shared(kit, [a, b]);
        await a.member.commitOffsets([{ ...partition, offset: 5, metadata: '' }]).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'FENCED' });
        });
        await b.member.leave();
        await delay(clock, 600_000);
        await shared(kit, [a]);
        expect([a.failed, b.failed]).toEqual([[], []]);
        const last = [...a.led, ...b.led].toSorted((one, two) => one.length - two.length).at(-1);
        expect(last).toHaveLength(2);
        await transport.committed('group', [partition]);
      });
    }
  }

  check('fence a client that stood still for longer than its session', async (scene) => {
    const { faults, kit, topic, partition, read, transport } = scene;
    const watched = { kit, group: 'group', topic, log: [] };
    const a = await watch(watched, 'a');
    const b = await watch(watched, 'b');
    await a.member.join();
    const zombie = await a.transport.producer({ transactionalId: 'task' });
    append(zombie, topic, { partition: 0, value: 'zombie' });
    await zombie.flush();
    const { memberId, generation } = a.member;
    faults.of('a', 'heartbeat', { kind: 'pauseClient', ms: sessionTimeoutMs * 3 });
    await kit.eventually(() => faults.calls.at(-1) === 'heartbeat');
    const offsets = [{ ...partition, offset: 9, metadata: '' }];
    const commit = zombie
      .commit({ group: 'group', memberId, generation, offsets })
      .catch((error: unknown) => error);
    await b.member.join();
    await shared(kit, [b]);
    const heir = await b.transport.producer({ transactionalId: 'task' });
    append(heir, topic, { partition: 0, value: 'heir' });
    await heir.commit(undefined);
    expect(await commit).toMatchObject({ code: 'FENCED' });
    await shared(kit, [a, b]);
    expect([a.lost.length, await read(), await transport.committed('group', [partition])]).toEqual([
      1,
      ['heir'],
      [undefined],
    ]);
  });
});
