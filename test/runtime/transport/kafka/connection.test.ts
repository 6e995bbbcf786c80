import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import { type Connection, openConnection } from '../../../../src/runtime/transport/kafka/connection.ts';
import type { KafkaConfig } from '../../../../src/runtime/transport/kafka/kafkaConfig.ts';
import { heartbeat } from '../../../../src/runtime/transport/kafka/protocol/heartbeat.ts';
import { RequestLost } from '../../../../src/runtime/transport/kafka/requestLost.ts';
import { passing } from './passing.ts';
import { api, cluster, coordinator, ScriptedBroker } from './scriptedBroker.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function broker(): Promise<ScriptedBroker> {
  const started = await ScriptedBroker.start();
  closing.push(() => started.stop());
  return started;
}

function connect(
  brokers: readonly string[],
  config: Partial<KafkaConfig> = {},
): { connection: Connection; clock: VirtualClock } {
  const clock = virtualClock();
  const connection = openConnection({ brokers, random: () => 0.5, ...config }, clock);
  closing.push(() => connection.close());
  return { connection, clock };
}

/** Port 1 of the loopback interface: refused at once. */
const nobody = '127.0.0.1:1';
const password = { mechanism: 'plain', username: 'alice', password: 's3cret' } as const;
const beat = heartbeat('group', 1, 'member');

describe('openConnection', () => {
  it.each<[string, Partial<KafkaConfig>, string]>([
    ['no brokers', { brokers: [] }, 'at least one host:port'],
    ['a broker without a port', { brokers: ['localhost'] }, '"localhost"'],
    ['a file that is not there', { ssl: { cert: 'nowhere/broker.pem' } }, 'no file nowhere/broker.pem'],
    ['a key in place of its file', { ssl: { key: 's3cret' } }, 'the file of ssl.key cannot be read'],
    ['keys that are none', { ssl: { key: '-----BEGIN s3cret' } }, 'the ssl setting cannot be used'],
    ['a passphrase that is no text', { ssl: { pfx: 's3cret', passphrase: 53 as never } }, 'ssl.pfx'],
    ['a key of another type', { ssl: { key: ['s3cret'].length as never } }, 'a value of another type'],
    ['a broker with a password', { brokers: ['alice:s3cret@localhost:9092'] }, '***@localhost:9092'],
    ['a broker with a scheme', { brokers: ['kafka://alice:s3cret@localhost'] }, '//***@localhost'],
    ['an unknown mechanism', { sasl: { ...password, mechanism: 'gssapi' as 'plain' } }, 'scram-sha-256'],
    ['no user name', { sasl: { ...password, username: '' } }, 'sasl.username is missing'],
    ['no password', { sasl: { ...password, password: undefined as unknown as string } }, 'sasl.password'],
    [
      'a token in place of a function',
      { sasl: { mechanism: 'oauthbearer', token: 's3cret' as never } },
      'function',
    ],
  ])('refuses %s before it connects, and shows no secret', (_, config, words) => {
    const open = () => openConnection({ brokers: ['localhost:1'], ...config }, virtualClock());
    expect(open).toThrow(expect.objectContaining({ code: 'INVALID_SETTING' }));
    expect(open).toThrow(words);
    expect(open).not.toThrow('s3cret');
  });
});

describe('Connection.open', () => {
  it('resolves when a broker answers', async () => {
    const one = await broker();
    const { connection } = connect([one.address]);
    await connection.open();
    expect(await connection.controller()).toBe(1);
  });

  it('speaks TLS', async () => {
    const file = (name: string) => readFileSync(new URL(`certificates/${name}`, import.meta.url));
    const one = await ScriptedBroker.start({ cert: file('broker.pem'), key: file('broker.key') });
    closing.push(() => one.stop());
    one.scripts.set(api.heartbeat, () => (encoder) => encoder.int32(0).int16(0));
    const { connection } = connect([one.address], { ssl: { ca: file('authority.pem') } });
    await connection.open();
    const long = heartbeat('g'.repeat(30_000), 1, 'm'.repeat(30_000));
    expect(await Promise.all([connection.send(1, 'a', long), connection.send(1, 'a', long)])).toHaveLength(2);
  });

  it('goes on to the next broker where one does not answer', async () => {
    const one = await broker();
    const { connection } = connect([nobody, one.address, nobody]);
    await connection.open();
    expect(await connection.controller()).toBe(1);
  });

  it('tries again until connectTimeoutMs is over, then names the broker and what to check', async () => {
    const { connection, clock } = connect([nobody], { connectTimeoutMs: 5000 });
    const error = await passing(
      clock,
      connection.open().catch((reason: unknown) => reason),
    );
    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(String(error)).toContain(nobody);
    expect(String(error)).toContain('ECONNREFUSED');
    expect(clock.monotonic()).toBeGreaterThan(3000);
    expect(clock.monotonic()).toBeLessThanOrEqual(5100);
  });

  it('finds a broker that comes up while it tries', async () => {
    const one = await broker();
    const port = one.port;
    await one.stop();
    const { connection, clock } = connect([`127.0.0.1:${port}`]);
    const opened = connection.open();
    await clock.advance(0);
    const again = await ScriptedBroker.start(undefined, port);
    closing.push(() => again.stop());
    await passing(clock, opened);
    expect(again.connections).toBeGreaterThan(0);
  });

  it('gives no single broker all of the time', async () => {
    const [silent, good] = [await broker(), await broker()];
    silent.scripts.set(api.metadata, () => 'silence');
    const { connection, clock } = connect([silent.address, good.address], { connectTimeoutMs: 5000 });
    const opened = connection.open();
    await passing(clock, opened);
    expect(clock.monotonic()).toBeLessThan(5000);
  });

  it('refuses brokers older than 3.6', async () => {
    const one = await broker();
    one.newest = 3;
    const { connection } = connect([one.address]);
    await expect(connection.open()).rejects.toMatchObject({ code: 'UNSUPPORTED_BROKER' });
  });

  it('says so when a broker advertises an address that cannot be reached', async () => {
    const one = await broker();
    one.scripts.set(api.metadata, () => cluster([{ id: 1, port: 1 }], []));
    const { connection, clock } = connect([one.address], { connectTimeoutMs: 1000 });
    const error = await passing(
      clock,
      connection.open().catch((reason: unknown) => reason),
    );
    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(String(error)).toContain(`broker ${one.address} answers, but not where it says it is`);
    expect(String(error)).toContain('advertised: 127.0.0.1:1');
    expect(String(error)).toContain('advertised.listeners');
  });

  it('ends when it is closed meanwhile', async () => {
    const one = await broker();
    one.scripts.set(api.metadata, () => 'silence');
    const { connection } = connect([one.address]);
    const opened = connection.open().catch((reason: unknown) => reason);
    await one.arrived(api.metadata);
    await connection.close();
    expect(await opened).toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });
});

describe('Connection.send', () => {
  it('says that a request may have arrived when the broker does not answer in time', async () => {
    const one = await broker();
    one.scripts.set(api.heartbeat, () => 'silence');
    const { connection, clock } = connect([one.address]);
    await connection.open();
    const sent = connection.send(1, 'a', beat, 700).catch((reason: unknown) => reason);
    await one.arrived(api.heartbeat);
    await clock.advance(699);
    await clock.advance(1);
    const error = (await sent) as RequestLost;
    expect(error).toBeInstanceOf(RequestLost);
    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE', mayHaveArrived: true });
    expect(error.message).toContain('700 ms');
  });

  it('says that a request may have arrived when the connection is cut', async () => {
    const one = await broker();
    one.scripts.set(api.heartbeat, () => 'close');
    const { connection } = connect([one.address]);
    await connection.open();
    await expect(connection.send(1, 'a', beat)).rejects.toMatchObject({ mayHaveArrived: true });
  });

  it('says that a request has not arrived when no connection came to be', async () => {
    const one = await broker();
    const { connection } = connect([one.address]);
    await connection.open();
    await one.stop();
    await expect(connection.send(1, 'a', beat)).rejects.toMatchObject({
      code: 'BROKER_UNREACHABLE',
      mayHaveArrived: false,
    });
    await expect(connection.send(42, 'a', beat)).rejects.toMatchObject({ mayHaveArrived: false });
  });

  it('connects anew for the next request, after a pause that grows', async () => {
    const one = await broker();
    one.scripts.set(api.heartbeat, () => (encoder) => encoder.int32(0).int16(27));
    const { connection, clock } = connect([one.address]);
    await connection.open();
    expect(await connection.send(1, 'a', beat)).toEqual({ errorCode: 27 });
    const { port } = one;
    await one.stop();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const before = clock.monotonic();
      await passing(
        clock,
        connection.send(1, 'a', beat).catch(() => {}),
        1,
      );
      waits.push(clock.monotonic() - before);
    }
    // The first may find the old socket still open, the second is refused at once.
    expect(waits[2]).toBeGreaterThanOrEqual(15);
    expect(waits[3]).toBeGreaterThanOrEqual(30);
    const again = await ScriptedBroker.start(undefined, port);
    closing.push(() => again.stop());
    again.scripts.set(api.heartbeat, () => (encoder) => encoder.int32(0).int16(0));
    expect(await passing(clock, connection.send(1, 'a', beat))).toEqual({ errorCode: 0 });
  });

  it('gives each lane a socket of its own, and answers that are held back hold up no other lane', async () => {
    const one = await broker();
    one.scripts.set(api.heartbeat, () => 'silence');
    const { connection } = connect([one.address]);
    await connection.open();
    const before = one.connections;
    const held = connection.send(1, 'a', beat).catch((reason: unknown) => reason);
    await one.arrived(api.heartbeat);
    one.scripts.set(api.heartbeat, () => (encoder) => encoder.int32(0).int16(0));
    expect(await connection.send(1, 'b', beat)).toEqual({ errorCode: 0 });
    expect(one.connections).toBe(before + 2);
    connection.crash();
    expect(await held).toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  it('matches answers to requests that are under way together', async () => {
    const one = await broker();
    let turn = 0;
    one.scripts.set(api.heartbeat, () => {
      const number = turn++;
      return (encoder) => encoder.int32(0).int16(number);
    });
    const { connection } = connect([one.address]);
    await connection.open();
    const answers = await Promise.all(Array.from({ length: 50 }, () => connection.send(1, 'a', beat)));
    expect(answers.map(({ errorCode }) => errorCode)).toEqual(
      Array.from({ length: 50 }, (_, index) => index),
    );
  });

  it('gives an unreadable answer to its request only, and goes on', async () => {
    const one = await broker();
    one.scripts.set(api.heartbeat, () => (encoder) => encoder.int8(0));
    const { connection } = connect([one.address]);
    await connection.open();
    await expect(connection.send(1, 'a', beat)).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
    one.scripts.set(api.heartbeat, () => (encoder) => encoder.int32(0).int16(0));
    expect(await connection.send(1, 'a', beat)).toEqual({ errorCode: 0 });
  });

  it('refuses a version the broker does not speak without sending it', async () => {
    const one = await broker();
    const { connection } = connect([one.address]);
    await connection.open();
    const sent = connection.send(1, 'a', { ...beat, version: 21 });
    await expect(sent).rejects.toMatchObject({ code: 'UNSUPPORTED_BROKER' });
    expect(one.received).not.toContain(api.heartbeat);
  });

  it('is refused after close()', async () => {
    const one = await broker();
    const { connection } = connect([one.address]);
    await connection.open();
    await connection.close();
    expect(connection.closed.aborted).toBe(true);
    await expect(connection.send(1, 'a', beat)).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  it('closes the sockets of a released lane', async () => {
    const one = await broker();
    one.scripts.set(api.heartbeat, () => (encoder) => encoder.int32(0).int16(0));
    const { connection } = connect([one.address]);
    await connection.open();
    const before = one.sockets.size;
    await connection.send(1, 'a', beat);
    connection.release('a');
    await expect.poll(() => one.sockets.size).toBe(before);
  });
});

describe('Connection.topics', () => {
  it('asks once for what several callers want, and keeps it', async () => {
    const one = await broker();
    const { connection } = connect([one.address]);
    await connection.open();
    const asked = one.received.length;
    one.scripts.set(api.metadata, () =>
      cluster([{ id: 1, port: one.port }], [{ topic: 't', leaders: [1, 1] }]),
    );
    const [first, second] = await Promise.all([connection.topics(['t']), connection.topics(['t'])]);
    await connection.topics(['t']);
    expect(first.get('t')?.partitions.map(({ leader }) => leader)).toEqual([1, 1]);
    expect(second).toEqual(first);
    expect(one.received.length).toBe(asked + 1);
    await connection.topics(['t'], { fresh: true });
    expect(one.received.length).toBe(asked + 2);
  });

  it('looks again after five minutes', async () => {
    const one = await broker();
    const { connection, clock } = connect([one.address]);
    await connection.open();
    one.scripts.set(api.metadata, () => cluster([{ id: 1, port: one.port }], [{ topic: 't', leaders: [1] }]));
    await connection.topics(['t']);
    one.scripts.set(api.metadata, () =>
      cluster([{ id: 1, port: one.port }], [{ topic: 't', leaders: [1, 1] }]),
    );
    await clock.advance(299_000);
    expect((await connection.topics(['t'])).get('t')?.partitions).toHaveLength(1);
    await clock.advance(2_000);
    expect((await connection.topics(['t'])).get('t')?.partitions).toHaveLength(2);
  });

  it('does not go back to a leader of the past, unless the topic was created anew', async () => {
    const one = await broker();
    const { connection } = connect([one.address]);
    await connection.open();
    const told = async (leader: number, leaderEpoch: number, id: number): Promise<unknown> => {
      const topic = { topic: 't', leaders: [leader], leaderEpoch, id };
      one.scripts.set(api.metadata, () => cluster([{ id: 1, port: one.port }], [topic]));
      const [partition] = (await connection.topics(['t'], { fresh: true })).get('t')!.partitions;
      return partition!.leader;
    };
    expect(await told(1, 5, 1)).toBe(1);
    expect(await told(2, 6, 1)).toBe(2);
    expect(await told(1, 5, 1)).toBe(2);
    expect(await told(3, 6, 1)).toBe(3);
    expect(await told(1, 0, 2)).toBe(1);
  });

  it('leaves out what does not exist, also what it knew before', async () => {
    const one = await broker();
    const { connection } = connect([one.address]);
    await connection.open();
    one.scripts.set(api.metadata, () => cluster([{ id: 1, port: one.port }], [{ topic: 't', leaders: [1] }]));
    expect([...(await connection.topics(['t'])).keys()]).toEqual(['t']);
    one.scripts.set(api.metadata, () => cluster([{ id: 1, port: one.port }], [{ topic: 't', errorCode: 3 }]));
    expect([...(await connection.topics(['t'], { fresh: true })).keys()]).toEqual([]);
  });

  it('names the topic and the operation when it may not be described', async () => {
    const one = await broker();
    const { connection } = connect([one.address]);
    await connection.open();
    one.scripts.set(api.metadata, () =>
      cluster([{ id: 1, port: one.port }], [{ topic: 't', errorCode: 29 }]),
    );
    const refused = connection.topics(['t']);
    await expect(refused).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
    await expect(refused).rejects.toThrow('Describe on topic t');
  });

  it('asks another broker when one is gone', async () => {
    const [one, two] = [await broker(), await broker()];
    const nodes = () => [
      { id: 1, port: one.port },
      { id: 2, port: two.port },
    ];
    for (const each of [one, two])
      each.scripts.set(api.metadata, () => cluster(nodes(), [{ topic: 't', leaders: [2] }]));
    const { connection, clock } = connect([one.address]);
    await connection.open();
    await one.stop();
    const topics = await passing(clock, connection.topics(['t']));
    expect(topics.get('t')?.partitions[0]?.leader).toBe(2);
  });

  it('does not ask brokers that have left the cluster', async () => {
    const [one, two] = [await broker(), await broker()];
    const both = [
      { id: 1, port: one.port },
      { id: 2, port: two.port },
    ];
    one.scripts.set(api.metadata, () => cluster(both, []));
    two.scripts.set(api.metadata, () => cluster(both, []));
    two.scripts.set(api.heartbeat, () => (encoder) => encoder.int32(0).int16(0));
    const { connection } = connect([one.address]);
    await connection.open();
    expect(await connection.send(2, 'a', beat)).toEqual({ errorCode: 0 });
    for (const each of [one, two]) each.scripts.set(api.metadata, () => cluster(both.slice(0, 1), []));
    await connection.topics(['t'], { fresh: true });
    await expect(connection.send(2, 'a', beat)).rejects.toThrow('no broker 2');
    await expect.poll(() => two.sockets.size).toBe(0);
  });

  it('follows a broker to its new address', async () => {
    const [one, two] = [await broker(), await broker()];
    const { connection } = connect([one.address]);
    await connection.open();
    one.scripts.set(api.metadata, () => cluster([{ id: 1, port: two.port }], [{ topic: 't', leaders: [1] }]));
    two.scripts.set(api.heartbeat, () => (encoder) => encoder.int32(0).int16(0));
    await connection.topics(['t']);
    expect(await connection.send(1, 'a', beat)).toEqual({ errorCode: 0 });
  });
});

describe('Connection.coordinator', () => {
  it('asks until there is one, and remembers it', async () => {
    const one = await broker();
    const { connection, clock } = connect([one.address]);
    await connection.open();
    let asked = 0;
    one.scripts.set(api.findCoordinator, () =>
      asked++ < 3 ? coordinator(-1, -1, 15) : coordinator(7, one.port),
    );
    expect(await passing(clock, connection.coordinator('group', 'g'))).toBe(7);
    expect(await connection.coordinator('group', 'g')).toBe(7);
    expect(asked).toBe(4);
    await connection.coordinator('group', 'g', { fresh: true });
    await connection.coordinator('transaction', 'g');
    expect(asked).toBe(6);
  });

  it('gives up after requestTimeoutMs', async () => {
    const one = await broker();
    const { connection, clock } = connect([one.address], { requestTimeoutMs: 2000 });
    await connection.open();
    one.scripts.set(api.findCoordinator, () => coordinator(-1, -1, 15));
    const error = await passing(
      clock,
      connection.coordinator('group', 'g').catch((reason: unknown) => reason),
    );
    expect(String(error)).toContain('COORDINATOR_NOT_AVAILABLE');
    expect(clock.monotonic()).toBeLessThan(2500);
  });

  it('names the group or the transactional id that it may not describe', async () => {
    const one = await broker();
    const { connection } = connect([one.address]);
    await connection.open();
    one.scripts.set(api.findCoordinator, () => coordinator(-1, -1, 30));
    await expect(connection.coordinator('group', 'g')).rejects.toThrow('Describe on group g');
    one.scripts.set(api.findCoordinator, () => coordinator(-1, -1, 53));
    await expect(connection.coordinator('transaction', 'id')).rejects.toThrow('transactional id id');
  });
});
