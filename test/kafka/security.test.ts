import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { javaLines } from '../../scripts/kafka/javaLines.ts';
import { type KafkaCluster, startKafka } from '../../scripts/kafka/startKafka.ts';
import { noHeaders } from '../../src/dsl/message.ts';
import type { MillraceError } from '../../src/errors.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import type { KafkaSasl } from '../../src/runtime/transport/kafka/kafkaConfig.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';
import { javaMissing } from './brokers.ts';

const plainModule = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const scramModule = 'org.apache.kafka.common.security.scram.ScramLoginModule';
const bearerModule = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';

/** Nobody may do anything without an ACL but admin, and whoever comes over the plain listener: the tests' own back door. */
const config = {
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  'listener.name.sasl.plain.sasl.jaas.config': `${plainModule} required user_admin="admin-plain" user_alice="alice-plain";`,
  'listener.name.sasl.scram-sha-256.sasl.jaas.config': `${scramModule} required;`,
  'listener.name.sasl.scram-sha-512.sasl.jaas.config': `${scramModule} required;`,
  'listener.name.sasl.oauthbearer.sasl.jaas.config': `${bearerModule} required unsecuredLoginStringClaim_sub="broker";`,
  'listener.name.sasl.plain.connections.max.reauth.ms': 2000,
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:admin;User:ANONYMOUS',
};

const admin: KafkaSasl = { mechanism: 'plain', username: 'admin', password: 'admin-plain' };
const alice: KafkaSasl = { mechanism: 'plain', username: 'alice', password: 'alice-plain' };

describe.skipIf(javaMissing)('kafkaTransport on a broker that wants to know who asks', () => {
  let cluster: KafkaCluster;
  const transports: Transport[] = [];

  beforeAll(async () => {
    cluster = await startKafka({ nodes: 1, config, listeners: { SASL: 'SASL_PLAINTEXT' } });
    const setUp = join(import.meta.dirname, 'SetUpSecurity.java');
    for await (const line of javaLines(setUp, [cluster.brokers.join(',')])) throw new Error(line);
  });

  afterAll(async () => {
    for (const transport of transports) await transport.close();
    await cluster?.stop();
  });

  function as(sasl: KafkaSasl | undefined): Transport {
    const brokers = cluster.listener('SASL');
    const transport = kafkaTransport({ brokers, ...(sasl && { sasl }), connectTimeoutMs: 5000 }, systemClock);
    transports.push(transport);
    return transport;
  }

  async function connected(sasl: KafkaSasl): Promise<Transport> {
    const transport = as(sasl);
    await transport.connect();
    return transport;
  }

  it.each<[string, KafkaSasl]>([
    ['PLAIN', alice],
    ['SCRAM-SHA-256', { mechanism: 'scram-sha-256', username: 'alice', password: 'alice-scram' }],
    ['SCRAM-SHA-512', { mechanism: 'scram-sha-512', username: 'alice', password: 'alice-scram' }],
    ['OAUTHBEARER', { mechanism: 'oauthbearer', token: async () => unsecuredToken('alice', 60) }],
  ])('lets a user in by %s', async (_, sasl) => {
    const transport = await connected(sasl);
    const offsets = await transport.admin.endOffsets([{ topic: 'orders', partition: 0 }], 'committed');
    expect(offsets).toEqual([0]);
  });

  it.each<[string, KafkaSasl]>([
    ['PLAIN password', { ...admin, password: 'wrong-8c1f' }],
    ['SCRAM password', { mechanism: 'scram-sha-256', username: 'alice', password: 'wrong-8c1f' }],
    ['user', { mechanism: 'scram-sha-512', username: 'nobody', password: 'wrong-8c1f' }],
    ['token', { mechanism: 'oauthbearer', token: async () => 'wrong-8c1f' }],
    ['expired token', { mechanism: 'oauthbearer', token: async () => unsecuredToken('alice', -60) }],
  ])('refuses a wrong %s at once, and tells nobody what it was', async (_, sasl) => {
    const start = systemClock.monotonic();
    const error = await connected(sasl).catch((reason: unknown) => reason as MillraceError);
    expect(error).toMatchObject({ code: 'NOT_AUTHENTICATED' });
    expect(systemClock.monotonic() - start).toBeLessThan(2000);
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain('wrong-8c1f');
  });

  it('says what may be missing when no credentials are given', async () => {
    const error = await as(undefined)
      .connect()
      .catch((reason: unknown) => reason as MillraceError);
    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(String(error)).toContain('expects credentials (the sasl setting)');
  });

  it('hands on what the function for tokens throws', async () => {
    const cause = new Error('the identity provider is down');
    const sasl: KafkaSasl = { mechanism: 'oauthbearer', token: () => Promise.reject(cause) };
    await expect(connected(sasl)).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED', cause });
  });

  it('gives new credentials before the broker cuts it off', async () => {
    const transport = await connected(admin);
    const until = systemClock.monotonic() + 7000;
    while (systemClock.monotonic() < until) {
      await transport.admin.endOffsets([{ topic: 'orders', partition: 0 }], 'committed');
      await delay(systemClock, 20);
    }
  });

  const denied: [string, string, (transport: Transport) => Promise<unknown>][] = [
    ['describing a topic', 'Describe on topic secret', ({ admin }) => admin.describe(['secret'])],
    ['its settings', 'DescribeConfigs on topic orders', ({ admin }) => admin.describe(['orders'])],
    [
      'its offsets',
      'Describe on topic secret',
      ({ admin }) => admin.endOffsets([{ topic: 'secret', partition: 0 }], 'committed'),
    ],
    [
      'creating a topic',
      'Create on topic new',
      ({ admin }) => admin.create([{ topic: 'new', partitions: 1 }]),
    ],
    ['deleting a topic', 'Delete on topic orders', ({ admin }) => admin.delete(['orders'])],
    [
      'deleting records',
      'Delete on topic orders',
      ({ admin }) => admin.deleteRecords([{ topic: 'orders', partition: 0, before: 0 }]),
    ],
    [
      'committed positions',
      'Describe on group g',
      (transport) => transport.committed('g', [{ topic: 'orders', partition: 0 }]),
    ],
    ['a group', 'Describe on group g', (transport) => joining(transport)],
    [
      'a transactional id',
      'on transactional id t',
      (transport) => transport.producer({ transactionalId: 't' }),
    ],
    [
      'reading',
      'Read on topic orders',
      async (transport) => {
        const reader = transport.reader({ isolation: 'committed', maxBytes: 1000 });
        reader.assign([{ topic: 'orders', partition: 0, offset: 0 }]);
        for (let poll = 0; poll < 10; poll++) await reader.poll(500);
      },
    ],
    [
      'writing',
      'Write on topic orders',
      async (transport) => {
        const producer = await transport.producer({});
        producer.append('outbox', 0, null, 'x', 1, noHeaders);
        await producer.flush();
        producer.append('orders', 0, null, 'x', 1, noHeaders);
        await producer.flush();
      },
    ],
  ];

  it.each(denied)('names resource and operation when %s is not allowed', async (_, next, attempt) => {
    const error = await attempt(await connected(alice)).catch((reason: unknown) => reason as MillraceError);
    expect(error).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(String(error)).toContain(next);
  });
});

async function joining(transport: Transport): Promise<void> {
  const member = transport.member({
    group: 'g',
    topics: ['orders'],
    sessionTimeoutMs: 6000,
    rebalanceTimeoutMs: 6000,
    heartbeatIntervalMs: 500,
    metadata: () => Buffer.alloc(0),
    assign: async () => new Map(),
    assigned: async () => {},
    revoked: async () => {},
    lost: () => {},
    failed: () => {},
  });
  await member.join();
}

/** A JWT without signature, as the broker's own test handler takes it. */
function unsecuredToken(user: string, validSeconds: number): string {
  const now = Math.floor(systemClock.now() / 1000);
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { sub: user, iat: now - 120, exp: now + validSeconds };
  return `${encode({ alg: 'none' })}.${encode(claims)}.`;
}
