import { afterEach, describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../../../src/runtime/testing/virtualClock.ts';
import { openConnection } from '../../../../../src/runtime/transport/kafka/connection.ts';
import { membership } from '../../../../../src/runtime/transport/kafka/group/membership.ts';
import { encodeAssignment } from '../../../../../src/runtime/transport/kafka/protocol/consumerProtocol.ts';
import type { Decoder } from '../../../../../src/runtime/transport/kafka/protocol/decoder.ts';
import type { Member, MemberOptions } from '../../../../../src/runtime/transport/transport.ts';
import { passing } from '../passing.ts';
import { type Answer, api, coordinator, ScriptedBroker } from '../scriptedBroker.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Scene {
  readonly broker: ScriptedBroker;
  readonly clock: VirtualClock;
  readonly member: Member;
  readonly log: string[];
  /** Lets time pass until the log says so. */
  logged(entry: string): Promise<void>;
}

/** A member that notes what it is told, and a broker on which it is alone and leads. */
async function scene(options: Partial<MemberOptions> = {}): Promise<Scene> {
  const broker = await ScriptedBroker.start();
  closing.push(() => broker.stop());
  let generation = 0;
  broker.scripts.set(api.joinGroup, () => joined(++generation));
  broker.scripts.set(api.syncGroup, () => synced([0, 1]));
  broker.scripts.set(api.heartbeat, () => code(0));
  broker.scripts.set(api.leaveGroup, () => left);
  const clock = virtualClock();
  const connection = openConnection({ brokers: [broker.address], random: () => 0.5 }, clock);
  closing.push(() => connection.close());
  await connection.open();
  const log: string[] = [];
  const member = membership(
    connection,
    clock,
    {
      group: 'g',
      topics: ['t'],
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 10_000,
      heartbeatIntervalMs: 1000,
      metadata: () => Buffer.from('me'),
      assign: async (members) =>
        new Map(members.map(({ memberId }) => [memberId, { partitions: [], metadata: Buffer.alloc(0) }])),
      revoked: async () => void log.push('revoked'),
      assigned: async ({ partitions }) =>
        void log.push(`assigned ${partitions.map(({ partition }) => partition)} in ${member.generation}`),
      lost: (reason) => void log.push(`lost ${(reason as { code?: string }).code}`),
      failed: (reason) => void log.push(`failed ${(reason as { code?: string }).code ?? reason.message}`),
      ...options,
    },
    'm',
  );
  const logged = async (entry: string) => {
    const reached = async () => {
      for (let turn = 0; !log.includes(entry); turn++) {
        if (turn > 20_000) throw new Error(`never logged ${entry}: ${log.join(', ')}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await passing(clock, reached(), 50);
  };
  return { broker, clock, member, log, logged };
}

const code =
  (errorCode: number): Answer =>
  (encoder) =>
    encoder.int32(0).int16(errorCode);

const left: Answer = (encoder) =>
  encoder
    .int32(0)
    .int16(0)
    .array([], () => {});

function joined(generation: number, errorCode = 0, memberId = 'm-1'): Answer {
  return (encoder) =>
    encoder
      .int32(0)
      .int16(errorCode)
      .int32(generation)
      .string('millrace')
      .string('m-1')
      .string(memberId)
      .array([], () => {});
}

function synced(partitions: readonly number[], errorCode = 0): Answer {
  const assignment = encodeAssignment({
    partitions: partitions.map((partition) => ({ topic: 't', partition })),
    metadata: Buffer.alloc(0),
  });
  return (encoder) => encoder.int32(0).int16(errorCode).bytes(assignment);
}

/** The member id in a JoinGroup request. */
function idIn(body: Decoder): string {
  body.string(); // group
  body.int32(); // session timeout
  body.int32(); // rebalance timeout
  return body.string();
}

/** Answers once each, then as it was. */
function first(broker: ScriptedBroker, apiKey: number, ...answers: Answer[]): void {
  const usual = broker.scripts.get(apiKey)!;
  broker.scripts.set(apiKey, (body) => answers.shift() ?? usual(body));
}

const count = (broker: ScriptedBroker, apiKey: number): number =>
  broker.received.filter((key) => key === apiKey).length;

describe('membership', () => {
  it('joins with the id it is given', async () => {
    const { broker, clock, member, log } = await scene();
    const ids: string[] = [];
    const usual = broker.scripts.get(api.joinGroup)!;
    broker.scripts.set(api.joinGroup, (body) => {
      ids.push(idIn(body));
      return ids.length === 1 ? joined(-1, 79, 'm-1') : usual(body);
    });
    await passing(clock, member.join());
    expect(ids).toEqual(['', 'm-1']);
    expect([member.memberId, member.generation, log]).toEqual(['m-1', 1, ['assigned 0,1 in 1']]);
  });

  it('follows the coordinator, and waits for one that loads', async () => {
    const { broker, clock, member } = await scene();
    first(broker, api.joinGroup, joined(-1, 16), joined(-1, 14), joined(-1, 15), 'close');
    await passing(clock, member.join());
    expect(member.generation).toBe(1);
    expect(count(broker, api.joinGroup)).toBe(5);
    expect(count(broker, api.findCoordinator)).toBe(5);
    expect(clock.monotonic()).toBeGreaterThan(100);
  });

  it('joins anew, without its id, when the group does not know it', async () => {
    const { broker, clock, member } = await scene();
    first(broker, api.syncGroup, synced([], 25), synced([], 27));
    const ids: string[] = [];
    const usual = broker.scripts.get(api.joinGroup)!;
    broker.scripts.set(api.joinGroup, (body) => {
      ids.push(idIn(body));
      return usual(body);
    });
    await passing(clock, member.join());
    expect(ids).toEqual(['', '', 'm-1']);
  });

  it.each([
    ['JoinGroup', api.joinGroup, joined(-1, 30), 'NOT_AUTHORIZED', 'Read on group g'],
    ['JoinGroup', api.joinGroup, joined(-1, 26), 'INVALID_SETTING', 'session timeout'],
    ['JoinGroup', api.joinGroup, joined(-1, 23), 'BROKER_REFUSED', 'no other kind of program'],
    ['SyncGroup', api.syncGroup, synced([], 30), 'NOT_AUTHORIZED', 'Read on group g'],
    [
      'FindCoordinator',
      api.findCoordinator,
      coordinator(-1, -1, 30),
      'NOT_AUTHORIZED',
      'Describe on group g',
    ],
  ])('gives up when %s is refused for good', async (_, apiKey, answer, expected, next) => {
    const { broker, clock, member, log, logged } = await scene();
    broker.scripts.set(apiKey, () => answer);
    const error = await passing(
      clock,
      member.join().catch((reason: unknown) => reason),
    );
    expect(error).toMatchObject({ code: expected });
    expect(String(error)).toContain(next);
    await logged(`failed ${expected}`);
    expect([log, member.generation, member.memberId]).toEqual([[`failed ${expected}`], -1, '']);
    const asked = broker.received.length;
    await clock.advance(20_000);
    expect(broker.received.length).toBe(asked);
  });

  it('beats at the interval, whatever the callbacks wait for', async () => {
    let release = () => {};
    const { broker, clock, member } = await scene({
      assigned: () => new Promise((resolve) => (release = resolve)),
    });
    await passing(clock, member.join());
    const start = clock.monotonic();
    await passing(clock, broker.arrived(api.heartbeat, 20), 50);
    expect(clock.monotonic() - start).toBeGreaterThanOrEqual(20_000);
    expect(clock.monotonic() - start).toBeLessThan(22_500);
    release();
    expect(count(broker, api.joinGroup)).toBe(1);
  });

  it('finds the coordinator again when a heartbeat gets no answer, before the session is over', async () => {
    const { broker, clock, member, log } = await scene();
    await passing(clock, member.join());
    first(broker, api.heartbeat, 'silence', code(16), 'close');
    const start = clock.monotonic();
    await passing(clock, broker.arrived(api.heartbeat, 4));
    expect(clock.monotonic() - start).toBeLessThan(6000);
    expect(log).toEqual(['assigned 0,1 in 1']);
    await passing(clock, broker.arrived(api.heartbeat, 6));
  });

  it('revokes, joins again and is assigned when the group rebalances', async () => {
    const { broker, clock, member, log, logged } = await scene();
    await passing(clock, member.join());
    first(broker, api.heartbeat, code(0), code(27));
    await logged('assigned 0,1 in 2');
    expect(log).toEqual(['assigned 0,1 in 1', 'revoked', 'assigned 0,1 in 2']);
  });

  it.each([
    ['the session is over', 25, ''],
    ['the generation is over', 22, 'm-1'],
  ])('is lost and joins anew when %s', async (_, errorCode, id) => {
    const { broker, clock, member, log, logged } = await scene();
    await passing(clock, member.join());
    const ids: string[] = [];
    const usual = broker.scripts.get(api.joinGroup)!;
    broker.scripts.set(api.joinGroup, (body) => {
      ids.push(idIn(body));
      return usual(body);
    });
    first(broker, api.heartbeat, code(errorCode));
    await logged('assigned 0,1 in 2');
    expect(log).toEqual(['assigned 0,1 in 1', 'lost FENCED', 'assigned 0,1 in 2']);
    expect(ids).toEqual([id]);
  });

  it('fails, without leaving or being revoked, when another has its instance id', async () => {
    const { broker, clock, member, log, logged } = await scene({ instanceId: 'pod-1' });
    await passing(clock, member.join());
    first(broker, api.heartbeat, code(82));
    await logged('failed INSTANCE_FENCED');
    await member.leave();
    expect(log).toEqual(['assigned 0,1 in 1', 'failed INSTANCE_FENCED']);
    expect([count(broker, api.joinGroup), count(broker, api.leaveGroup)]).toEqual([1, 0]);
  });

  it.each([
    ['JoinGroup', api.joinGroup, joined(-1, 82)],
    ['SyncGroup', api.syncGroup, synced([], 82)],
  ])('fails when %s says that another has its instance id', async (_, apiKey, answer) => {
    const { broker, clock, member, log } = await scene({ instanceId: 'pod-1' });
    broker.scripts.set(apiKey, () => answer);
    const joining = passing(clock, member.join());
    await expect(joining).rejects.toMatchObject({ code: 'INSTANCE_FENCED' });
    expect(count(broker, api.leaveGroup)).toBe(0);
    expect(log.filter((entry) => entry.startsWith('assigned'))).toEqual([]);
  });

  it('commits nothing once it is lost', async () => {
    let committed: Promise<unknown> | undefined;
    const offsets = [{ topic: 't', partition: 0, offset: 1, metadata: '' }];
    const { broker, clock, member, logged } = await scene({
      lost: () => {
        committed = member.commitOffsets(offsets).catch((reason: unknown) => reason);
      },
    });
    await passing(clock, member.join());
    first(broker, api.heartbeat, code(25));
    await logged('assigned 0,1 in 2');
    expect(await committed).toMatchObject({ code: 'FENCED' });
  });

  it('is not revoked again when it is lost while it lets go', async () => {
    let release = () => {};
    const { broker, clock, member, log, logged } = await scene({
      revoked: async () => {
        log.push('revoking');
        await new Promise<void>((resolve) => (release = resolve));
        log.push('revoked');
      },
    });
    await passing(clock, member.join());
    first(broker, api.heartbeat, code(27), code(27), code(25));
    await logged('lost FENCED');
    release();
    await logged('assigned 0,1 in 2');
    expect(log).toEqual(['assigned 0,1 in 1', 'revoking', 'lost FENCED', 'revoked', 'assigned 0,1 in 2']);
  });

  it('takes itself for lost when letting go outlasts the rebalance timeout, and waits for it all the same', async () => {
    let release = () => {};
    const { broker, clock, member, log, logged } = await scene({
      revoked: () => new Promise<void>((resolve) => (release = resolve)),
    });
    await passing(clock, member.join());
    first(broker, api.heartbeat, code(27));
    const start = clock.monotonic();
    await logged('lost FENCED');
    expect(clock.monotonic() - start).toBeGreaterThanOrEqual(10_000);
    expect([count(broker, api.joinGroup), member.generation]).toEqual([1, -1]);
    release();
    await logged('assigned 0,1 in 2');
    expect(log).toEqual(['assigned 0,1 in 1', 'lost FENCED', 'assigned 0,1 in 2']);
  });

  it('fails when a heartbeat is refused for good', async () => {
    const { broker, clock, member, log, logged } = await scene();
    await passing(clock, member.join());
    first(broker, api.heartbeat, code(30));
    await logged('failed NOT_AUTHORIZED');
    expect(log).toEqual(['assigned 0,1 in 1', 'failed NOT_AUTHORIZED']);
    expect(count(broker, api.leaveGroup)).toBe(1);
  });

  it('fails when lost() throws', async () => {
    const { broker, clock, member, logged } = await scene({
      lost: () => {
        throw new Error('lost went wrong');
      },
    });
    await passing(clock, member.join());
    first(broker, api.heartbeat, code(25));
    await logged('failed lost went wrong');
  });

  it('tries to join for as long as the brokers are away', async () => {
    const { broker, clock, member, log } = await scene();
    const { port } = broker;
    await broker.stop();
    const joining = member.join();
    await passing(
      clock,
      waitFor(() => clock.monotonic() > 120_000),
      200,
    );
    expect(log).toEqual([]);
    const again = await ScriptedBroker.start(undefined, port);
    closing.push(() => again.stop());
    for (const [apiKey, script] of broker.scripts) again.scripts.set(apiKey, script);
    await passing(clock, joining, 50);
    expect(log).toEqual(['assigned 0,1 in 1']);
  });

  it('leaves within five seconds of a coordinator that does not answer', async () => {
    const { broker, clock, member, log } = await scene();
    await passing(clock, member.join());
    broker.scripts.set(api.leaveGroup, () => 'silence');
    const start = clock.monotonic();
    await passing(clock, member.leave());
    expect(clock.monotonic() - start).toBeLessThanOrEqual(5100);
    expect(log.at(-1)).toBe('revoked');
  });

  it('says when it may not leave', async () => {
    const { broker, clock, member } = await scene();
    await passing(clock, member.join());
    broker.scripts.set(
      api.leaveGroup,
      () => (encoder) =>
        encoder
          .int32(0)
          .int16(30)
          .array([], () => {}),
    );
    await expect(passing(clock, member.leave())).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
  });

  it('cannot join after it has left', async () => {
    const { member } = await scene();
    await member.leave();
    await expect(member.join()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
