import { expect } from 'vitest';
import { MillraceError } from '../../../src/errors.ts';
import type { ContractKit } from './contractKit.ts';
import { partitionsOf, pass, sessionTimeoutMs, shared, type Watched, watch, watching } from './groupKit.ts';
import type { Check } from './transportContract.ts';

/** What is different where a member keeps its name over restarts, and what others may do to one that is gone. */
export function staticMemberContract(check: Check): void {
  for (const who of ['the leader', 'another member'] as const) {
    for (const how of ['has left', 'has crashed'] as const) {
      check(`gives ${who} that ${how} its place back, without a rebalance`, async (kit) => {
        const { scene, leader, other } = await pair(kit);
        const [stopping, staying] = who === 'the leader' ? [leader, other] : [other, leader];
        const { generation, memberId } = stopping.member;
        const { held } = stopping;
        const [led, heard] = [leader.led.length + other.led.length, scene.log.length];
        if (how === 'has left') await stopping.member.leave();
        else stopping.transport.crash();
        await pass(kit, sessionTimeoutMs / 3);
        const again = await watch(scene, stopping.name, { instanceId: stopping.name });
        await again.member.join();
        expect([again.held, again.member.generation]).toEqual([held, generation]);
        expect([again.member.instanceId, again.member.memberId === memberId]).toEqual([stopping.name, false]);
        await pass(kit, sessionTimeoutMs + 1_000);
        expect([again.member.generation, staying.member.generation]).toEqual([generation, generation]);
        expect([leader.led.length + other.led.length, again.led.length]).toEqual([led, 0]);
        const since = scene.log.slice(heard).filter((entry) => !entry.startsWith(`${stopping.name} revo`));
        expect(since).toEqual([`${stopping.name} assigned ${held}`]);
        await again.member.commitOffsets(oneOffset(scene.topic));
        again.member.rejoin();
        await kit.eventually(() => staying.member.generation > generation);
        await shared(kit, [again, staying]);
      });
    }
  }

  check('gives a static member up that does not come back within its session', async (kit) => {
    const { leader, other } = await pair(kit);
    const started = kit.clock.monotonic();
    await leader.member.leave();
    expect([leader.member.generation, leader.member.memberId]).toEqual([-1, '']);
    await shared(kit, [other]);
    const took = kit.clock.monotonic() - started;
    expect(took).toBeGreaterThan(sessionTimeoutMs - 1_500);
    expect(took).toBeLessThan(sessionTimeoutMs * 3);
  });

  check('ends the older of two with one name, which commits nothing more and is not revoked', async (kit) => {
    const { scene, leader, other } = await pair(kit);
    const [offset] = oneOffset(scene.topic);
    const newer = await watch(scene, other.name, { instanceId: other.name });
    await newer.member.join();
    await expect(other.member.commitOffsets([offset!])).rejects.toMatchObject({ code: 'INSTANCE_FENCED' });
    await kit.eventually(() => other.failed.length > 0);
    expect(other.failed[0]).toMatchObject({ code: 'INSTANCE_FENCED' });
    expect((other.failed[0] as MillraceError).details.next).toContain('instanceId');
    expect(scene.log).not.toContain(`${other.name} lost`);
    await pass(kit, 3_000);
    await other.member.leave();
    await newer.member.commitOffsets([offset!]);
    expect([newer.failed, newer.lost, leader.failed, leader.lost]).toEqual([[], [], [], []]);
  });

  check('refuses positions in the transaction of a member whose name another has taken', async (kit) => {
    const { scene, other } = await pair(kit);
    const { generation, memberId } = other.member;
    const newer = await watch(scene, other.name, { instanceId: other.name });
    await newer.member.join();
    const [offset] = oneOffset(scene.topic);
    const commit = { group: scene.group, generation, instanceId: other.name, offsets: [offset!] };
    const older = await other.transport.producer({ transactionalId: kit.name('older') });
    await expect(older.commit({ ...commit, memberId })).rejects.toBeInstanceOf(MillraceError);
    const owner = await newer.transport.producer({ transactionalId: kit.name('newer') });
    await owner.commit({ ...commit, memberId: newer.member.memberId });
    expect(await newer.transport.committed(scene.group, [offset!])).toMatchObject([{ offset: 9 }]);
  });

  for (const by of ['memberId', 'instanceId'] as const) {
    check(`takes a member that has crashed out of its group at once, by its ${by}`, async (kit) => {
      const { scene, leader, other } = await pair(kit);
      const { memberId } = leader.member;
      leader.transport.crash();
      const started = kit.clock.monotonic();
      const supervisor = await kit.transport('supervisor');
      const identity = by === 'memberId' ? { memberId } : { instanceId: leader.name };
      await supervisor.evict(scene.group, identity);
      await shared(kit, [other]);
      expect(kit.clock.monotonic() - started).toBeLessThan(sessionTimeoutMs - 1_000);
      await supervisor.evict(scene.group, identity);
      await supervisor.evict(scene.group, { memberId: 'nobody' });
      await supervisor.evict(kit.name('no-group'), identity);
      expect(other.lost).toEqual([]);
    });
  }

  check('takes back a living member that was taken out by mistake', async (kit) => {
    const scene = await watching(kit);
    const a = await watch(scene, 'a');
    await a.member.join();
    await (await kit.transport('supervisor')).evict(scene.group, { memberId: a.member.memberId });
    await kit.eventually(() => a.lost.length === 1);
    await shared(kit, [a]);
    expect(scene.log).toEqual(['a assigned 0,1,2,3', 'a lost', 'a assigned 0,1,2,3']);
  });
}

/** Two static members that share a topic; whoever of them leads. */
async function pair(kit: ContractKit): Promise<{
  readonly scene: Awaited<ReturnType<typeof watching>>;
  readonly leader: Watched;
  readonly other: Watched;
}> {
  const scene = await watching(kit);
  const a = await watch(scene, 'a', { instanceId: 'a' });
  const b = await watch(scene, 'b', { instanceId: 'b' });
  await a.member.join();
  await b.member.join();
  await shared(kit, [a, b]);
  const [leader, other] = a.led.at(-1)?.length === 2 ? [a, b] : [b, a];
  return { scene, leader: leader!, other: other! };
}

const oneOffset = (topic: string) =>
  partitionsOf(topic, 0).map((one) => ({ ...one, offset: 9, metadata: '' }));
