import { expect } from 'vitest';
import type { MemberOptions } from '../../../src/runtime/transport/transport.ts';
import { partitionsOf, pass, sessionTimeoutMs, shared, watch, watching } from './groupKit.ts';
import type { Check } from './transportContract.ts';

export function groupContract(check: Check): void {
  check('gives a lone member everything, a generation and an id', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a');
    expect([a.member.generation, a.member.memberId]).toEqual([-1, '']);
    await a.member.join();
    expect(a.held).toEqual([0, 1, 2, 3]);
    expect(a.member.generation).toBeGreaterThan(0);
    expect(a.member.memberId).not.toBe('');
    await a.member.leave();
    expect([a.member.generation, a.member.memberId]).toEqual([-1, '']);
    expect(scene.log).toEqual(['a assigned 0,1,2,3', 'a revoking', 'a revoked']);
  });

  check('shares between two members, each partition with one', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a');
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    expect([a.held, b.held]).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(a.member.generation).toBe(b.member.generation);
    expect(a.member.memberId).not.toBe(b.member.memberId);
  });

  check('shows the leader, and nobody else, what every member has told of itself', async (kit) => {
    const scene = await watching(kit);
    const members = await Promise.all(['a', 'b', 'c'].map((name) => watch(scene, name)));
    await Promise.all(members.map(({ member }) => member.join()));
    await shared(kit, members);
    const shown = members.filter(({ led }) => led.at(-1)?.length === 3);
    expect(shown).toHaveLength(1);
    const [leader] = shown;
    expect(
      leader!.led
        .at(-1)!
        .map(({ metadata }) => metadata.toString())
        .sort(),
    ).toEqual(['a', 'b', 'c']);
    const ids = members.map(({ member }) => member.memberId).sort();
    expect(
      leader!.led
        .at(-1)!
        .map(({ memberId }) => memberId)
        .sort(),
    ).toEqual(ids);
  });

  check('hands every member what the leader made of it, metadata included', async (kit) => {
    const scene = await watching(kit);
    const seen: string[] = [];
    const a = await watch(scene, 'a', {
      async assign([member]) {
        const partitions = partitionsOf(scene.topic, 1, 3);
        return new Map([[member!.memberId, { partitions, metadata: Buffer.from([0, 255, 1]) }]]);
      },
      async assigned({ partitions, metadata }) {
        expect(partitions).toEqual(partitionsOf(scene.topic, 1, 3));
        seen.push(metadata.toString('hex'));
      },
    });
    await a.member.join();
    expect(seen).toEqual(['00ff01']);
  });

  check('assigns nothing to a member that the leader left out', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a', { assign: async () => new Map() });
    await a.member.join();
    expect(a.held).toEqual([]);
  });

  check('waits for revoked() before anybody else gets the partitions', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a', { revoked: () => pass(kit, 500) });
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    expect(scene.log.slice(0, 3)).toEqual(['a assigned 0,1,2,3', 'a revoking', 'a revoked']);
    expect(scene.log.slice(3).sort()).toEqual(['a assigned 0,2', 'b assigned 1,3']);
  });

  check('lets a member commit inside revoked(), as it is asked to rejoin and as it leaves', async (kit) => {
    const scene = await watching(kit);
    const [partition] = partitionsOf(scene.topic, 0);
    let offset = 10;
    const a = await watch(scene, 'a', {
      revoked: async () => a.member.commitOffsets([{ ...partition!, offset: offset++, metadata: 'm' }]),
    });
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    expect(await b.transport.committed(scene.group, [partition!])).toEqual([{ offset: 10, metadata: 'm' }]);
    await a.member.leave();
    expect(await b.transport.committed(scene.group, [partition!])).toEqual([{ offset: 11, metadata: 'm' }]);
    expect([a.failed, a.lost]).toEqual([[], []]);
  });

  check('hands over quickly when a member leaves', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a');
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    const started = kit.clock.monotonic();
    await a.member.leave();
    await shared(kit, [b]);
    expect(kit.clock.monotonic() - started).toBeLessThan(sessionTimeoutMs - 1_000);
    expect(scene.log.filter((entry) => entry === 'a revoked')).toHaveLength(2);
  });

  check('hands over quickly when a transport is closed with a member in it', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a');
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    const started = kit.clock.monotonic();
    await a.transport.close();
    await shared(kit, [b]);
    expect(kit.clock.monotonic() - started).toBeLessThan(sessionTimeoutMs - 1_000);
    expect(a.held).toBeUndefined();
  });

  check('hands over after the session timeout when a member crashes, who hears nothing more', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a');
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    const heard = scene.log.filter((entry) => entry.startsWith('a')).length;
    const started = kit.clock.monotonic();
    a.transport.crash();
    await shared(kit, [b]);
    const took = kit.clock.monotonic() - started;
    expect(took).toBeGreaterThan(sessionTimeoutMs - 1_500);
    expect(took).toBeLessThan(sessionTimeoutMs * 3);
    expect(scene.log.filter((entry) => entry.startsWith('a'))).toHaveLength(heard);
    expect([a.lost, a.failed]).toEqual([[], []]);
    await expect(a.member.commitOffsets([])).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  for (const who of ['the leader', 'another member'] as const) {
    check(`rebalances when ${who} asks for it with rejoin(), asking for metadata anew`, async (kit) => {
      const scene = await watching(kit);
      let told = 0;
      const metadata = { metadata: () => Buffer.from(`${told++}`.padStart(3, '0')) };
      const a = await watch(scene, 'a', metadata);
      const b = await watch(scene, 'b', metadata);
      await a.member.join();
      await b.member.join();
      await shared(kit, [a, b]);
      const isLeader = a.led.at(-1)?.length === 2;
      const asking = isLeader === (who === 'the leader') ? a : b;
      const [generation, asked] = [a.member.generation, told];
      asking.member.rejoin();
      await kit.eventually(() => Math.min(a.member.generation, b.member.generation) > generation);
      await shared(kit, [a, b]);
      expect(told).toBeGreaterThanOrEqual(asked + 2);
      expect(scene.log.filter((entry) => entry === `${asking.name} revoked`).length).toBeGreaterThan(0);
    });
  }

  check('rebalances when asked although every member says the same as before', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a');
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    for (const one of [a, b]) {
      const { generation } = a.member;
      one.member.rejoin();
      await kit.eventually(() => Math.min(a.member.generation, b.member.generation) > generation);
      await shared(kit, [a, b]);
    }
  });

  check('resolves join() once the assignment is handed over, although assigned() goes on', async (kit) => {
    const scene = await watching(kit);
    let isDone = false;
    const a = await watch(scene, 'a', {
      assigned: async (_, signal) => {
        await pass(kit, 2_000, signal);
        isDone = true;
      },
    });
    await a.member.join();
    expect([a.held?.length, isDone]).toEqual([4, false]);
    await kit.eventually(() => isDone);
  });

  check('keeps a member whose assigned() takes longer than its session', async (kit) => {
    const scene = await watching(kit);
    let isDone = false;
    const a = await watch(scene, 'a', {
      assigned: async (_, signal) => {
        await pass(kit, sessionTimeoutMs + 2_000, signal);
        isDone = true;
      },
    });
    await a.member.join();
    const { generation } = a.member;
    await kit.eventually(() => isDone);
    await a.member.commitOffsets([{ topic: scene.topic, partition: 0, offset: 1, metadata: '' }]);
    expect([a.member.generation, a.lost]).toEqual([generation, []]);
  });

  check('keeps a member whose revoked() takes longer than its session', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a', { revoked: () => pass(kit, sessionTimeoutMs + 1_000) });
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    expect(a.lost).toEqual([]);
    expect(scene.log.indexOf('b assigned 1,3')).toBeGreaterThan(scene.log.indexOf('a revoked'));
  });

  check('aborts assigned() when there is another rebalance, and then revokes', async (kit) => {
    const scene = await watching(kit);
    let aborted = 0;
    const a = await watch(scene, 'a', {
      assigned: async ({ partitions }, signal) => {
        if (partitions.length < 4) return;
        await pass(kit, 100_000, signal).finally(() => aborted++);
      },
    });
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    expect(aborted).toBe(1);
    expect(scene.log.slice(0, 3)).toEqual(['a assigned 0,1,2,3', 'a revoking', 'a revoked']);
    expect([a.failed, a.lost]).toEqual([[], []]);
  });

  check('aborts assigned() when the member leaves', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a', { assigned: (_, signal) => pass(kit, 100_000, signal) });
    await a.member.join();
    await a.member.leave();
    expect(scene.log).toEqual(['a assigned 0,1,2,3', 'a revoking', 'a revoked']);
    expect(a.failed).toEqual([]);
  });

  check(
    'tells a member that the group has given it up, refuses its commits and takes it back',
    async (kit) => {
      const scene = await watching(kit);
      const a = await watch(scene, 'a', { heartbeatIntervalMs: sessionTimeoutMs + 3_000 });
      const b = await watch(scene, 'b');
      await a.member.join();
      const joining = b.member.join();
      await joining;
      expect([b.held, a.lost]).toEqual([[0, 1, 2, 3], []]);
      const commit = a.member.commitOffsets([{ topic: scene.topic, partition: 0, offset: 1, metadata: '' }]);
      await expect(commit).rejects.toMatchObject({ code: 'FENCED' });
      await kit.eventually(() => a.lost.length > 0);
      expect(a.lost[0]).toMatchObject({ code: 'FENCED' });
      await shared(kit, [a, b]);
      expect(scene.log.filter((entry) => entry === 'a revoking')).toEqual([]);
      expect(await b.transport.committed(scene.group, partitionsOf(scene.topic, 0))).toEqual([undefined]);
    },
  );

  check('refuses commits of one who is not in the group', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a');
    const offsets = [{ topic: scene.topic, partition: 0, offset: 1, metadata: '' }];
    await expect(a.member.commitOffsets(offsets)).rejects.toMatchObject({ code: 'FENCED' });
    await a.member.join();
    await a.member.commitOffsets(offsets);
    await a.member.leave();
    await expect(a.member.commitOffsets(offsets)).rejects.toMatchObject({ code: 'FENCED' });
  });

  check('waits until an aborted assigned() has stopped before it revokes', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a', {
      assigned: async ({ partitions }, signal) => {
        if (partitions.length < 4) return;
        await pass(kit, 100_000, signal).catch(() => pass(kit, 400));
        scene.log.push('a has stopped');
      },
    });
    const b = await watch(scene, 'b');
    await a.member.join();
    await b.member.join();
    await shared(kit, [a, b]);
    expect(scene.log.slice(0, 4)).toEqual(['a assigned 0,1,2,3', 'a has stopped', 'a revoking', 'a revoked']);
  });

  check('heeds a rejoin() that is asked for while it joins', async (kit) => {
    const scene = await watching(kit);
    let told = 0;
    const a = await watch(scene, 'a', {
      metadata: () => Buffer.from(`${told++}`),
      async assign([member]) {
        if (a.led.length === 1) a.member.rejoin();
        return new Map([[member!.memberId, { partitions: [], metadata: member!.metadata }]]);
      },
    });
    await a.member.join();
    await kit.eventually(() => a.led.length === 2 && a.held !== undefined);
    const [first, second] = a.led.map(([member]) => Number(member!.metadata.toString()));
    expect(second).toBeGreaterThan(first!);
  });

  check('gives up a leader that does not assign within the rebalance timeout', async (kit) => {
    const scene = await watching(kit);
    let isStuck = true;
    const a = await watch(scene, 'a', {
      rebalanceTimeoutMs: 3_000,
      async assign() {
        await kit.eventually(() => !isStuck, 60_000);
        return new Map();
      },
    });
    const b = await watch(scene, 'b', { rebalanceTimeoutMs: 3_000 });
    const joining = a.member.join();
    await kit.eventually(() => a.led.length > 0);
    await b.member.join();
    expect(b.held).toEqual([0, 1, 2, 3]);
    isStuck = false;
    await joining;
    await shared(kit, [a, b]);
    expect([a.lost, a.failed]).toEqual([[], []]);
  });

  check('gives up a leader that keeps those waiting who have joined with it', async (kit) => {
    const scene = await watching(kit);
    let isStuck = false;
    const share: Partial<MemberOptions> = {
      rebalanceTimeoutMs: 3_000,
      async assign(members) {
        if (members.length === 2) await kit.eventually(() => !isStuck, 60_000);
        const partitions = partitionsOf(scene.topic, 0, 1, 2, 3);
        const portion = 4 / members.length;
        return new Map(
          members.map(({ memberId, metadata }, index) => [
            memberId,
            { partitions: partitions.slice(index * portion, (index + 1) * portion), metadata },
          ]),
        );
      },
    };
    const a = await watch(scene, 'a', share);
    const b = await watch(scene, 'b', share);
    await a.member.join();
    isStuck = true;
    await b.member.join();
    expect([a.held, b.held]).toEqual([undefined, [0, 1, 2, 3]]);
    isStuck = false;
    await shared(kit, [a, b]);
    expect([a.lost, a.failed]).toEqual([[], []]);
  });

  check('gives up a member whose revoked() takes longer than the rebalance timeout', async (kit) => {
    const scene = await watching(kit);
    const limit = { rebalanceTimeoutMs: 2_000 };
    const a = await watch(scene, 'a', { ...limit, revoked: () => pass(kit, 6_000) });
    const b = await watch(scene, 'b', limit);
    await a.member.join();
    await b.member.join();
    expect(b.held).toEqual([0, 1, 2, 3]);
    expect(scene.log).not.toContain('a revoked');
    await kit.eventually(() => a.lost.length > 0);
    expect(a.lost[0]).toMatchObject({ code: 'FENCED' });
    await shared(kit, [a, b]);
    expect(scene.log.filter((entry) => entry === 'a revoking')).toHaveLength(1);
  });

  for (const callback of ['assign', 'assigned', 'revoked'] as const) {
    check(`fails, having left, when ${callback}() does`, async (kit) => {
      const scene = await watching(kit);
      const error = new Error(`${callback} went wrong`);
      const a = await watch(scene, 'a', { [callback]: () => Promise.reject(error) });
      const b = await watch(scene, 'b');
      const first = a.member.join().catch((reason: unknown) => reason);
      if (callback === 'revoked') {
        await first;
        a.member.rejoin();
      }
      await kit.eventually(() => a.failed.length > 0);
      expect(a.failed).toEqual([error]);
      if (callback === 'assign') expect(await first).toBe(error);
      const started = kit.clock.monotonic();
      await b.member.join();
      expect(b.held).toEqual([0, 1, 2, 3]);
      expect(kit.clock.monotonic() - started).toBeLessThan(sessionTimeoutMs - 1_000);
      await a.member.leave();
    });
  }

  check('leaves while it waits to be assigned something, and more than once', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a', { revoked: () => pass(kit, 2_000) });
    const b = await watch(scene, 'b');
    await (await watch(scene, 'never joined')).member.leave();
    await a.member.join();
    const joining = b.member.join().catch((reason: unknown) => reason);
    await kit.eventually(() => scene.log.includes('a revoking'));
    await b.member.leave();
    await b.member.leave();
    expect(await joining).toMatchObject({ code: 'NOT_RUNNING' });
    await shared(kit, [a]);
    expect([b.held, b.failed]).toEqual([undefined, []]);
  });

  check('remembers what was committed, by partition, with its metadata', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a');
    await a.member.join();
    const [first, second, third] = partitionsOf(scene.topic, 0, 1, 2);
    const committed = { offset: 5, metadata: 'größer' };
    await a.member.commitOffsets([{ ...first!, ...committed }]);
    await a.member.commitOffsets([{ ...third!, offset: 0, metadata: '' }]);
    const ask = [third!, second!, first!];
    const expected = [{ offset: 0, metadata: '' }, undefined, committed];
    expect(await a.transport.committed(scene.group, ask)).toEqual(expected);
    await a.member.leave();
    const later = await kit.transport();
    expect(await later.committed(scene.group, ask)).toEqual(expected);
    expect(await later.committed(kit.name('other'), ask)).toEqual([undefined, undefined, undefined]);
  });

  check('takes metadata of 4,096 characters with a position, and refuses more', async (kit) => {
    const scene = await watching(kit, 1);
    const a = await watch(scene, 'a');
    await a.member.join();
    const [partition] = partitionsOf(scene.topic, 0);
    await a.member.commitOffsets([{ ...partition!, offset: 1, metadata: 'x'.repeat(4096) }]);
    const more = a.member.commitOffsets([{ ...partition!, offset: 2, metadata: 'x'.repeat(4097) }]);
    await expect(more).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
    expect((await a.transport.committed(scene.group, [partition!]))[0]?.offset).toBe(1);
  });

  check('refuses a session longer than the brokers allow', async (kit) => {
    const scene = await watching(kit, 1);
    const a = await watch(scene, 'a', { sessionTimeoutMs: 3_600_000 });
    await expect(a.member.join()).rejects.toMatchObject({ code: 'INVALID_SETTING' });
  });

  check('forgets the positions of a topic that is deleted', async (kit) => {
    const scene = await watching(kit, 1);
    const a = await watch(scene, 'a');
    await a.member.join();
    const [partition] = partitionsOf(scene.topic, 0);
    await a.member.commitOffsets([{ ...partition!, offset: 5, metadata: '' }]);
    await a.member.leave();
    await a.transport.admin.delete([scene.topic]);
    await kit.eventually(
      async () => (await a.transport.committed(scene.group, [partition!]))[0] === undefined,
    );
  });

  check('goes on when members come and go at once', async (kit) => {
    const scene = await watching(kit);
    const names = ['a', 'b', 'c', 'd'];
    const members = await Promise.all(names.map((name) => watch(scene, name)));
    await Promise.all(members.map(({ member }) => member.join()));
    await shared(kit, members);
    await Promise.all(members.slice(0, 2).map(({ member }) => member.leave()));
    await shared(kit, members.slice(2));
    const more = await Promise.all(['e', 'f'].map((name) => watch(scene, name)));
    await Promise.all([...more.map(({ member }) => member.join()), members[2]!.member.leave()]);
    await shared(kit, [members[3]!, ...more]);
  });
}
