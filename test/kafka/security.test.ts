import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noHeaders } from '../../src/dsl/message.ts';
import type { MillraceError } from '../../src/errors.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';
import { javaMissing } from './brokers.ts';
import { acl } from './security/acl.ts';
import { leastPrivilege } from './security/leastPrivilege.ts';
import { letIn } from './security/letIn.ts';
import { renewing } from './security/renewing.ts';
import { memberOptions } from './security/roundTrip.ts';
import { allTold, listen, secrets, tell } from './security/secrets.ts';
import { alice, type SecuredKafka, startSecuredKafka } from './security/securedKafka.ts';
import { turnAway } from './security/turnAway.ts';

describe.skipIf(javaMissing)('a broker with StandardAuthorizer', () => {
  let secured: SecuredKafka;
  const deaf = listen();

  beforeAll(async () => {
    secured = await startSecuredKafka();
    const back = secured.transport('PLAINTEXT');
    await back.connect();
    await back.admin.create(['orders', 'outbox', 'secret'].map((topic) => ({ topic, partitions: 1 })));
    const everybody = ['alice', 'worker', 'ANONYMOUS'].map((user) => `User:${user}`);
    await secured.admin.createAcls({
      acl: [
        acl('User:alice', 'Describe', 'topic', 'orders'),
        acl('User:alice', 'Write', 'topic', 'outbox'),
        ...everybody.flatMap((user) =>
          (['topic', 'group', 'transactional-id'] as const).map((kind) => acl(user, 'All', kind, 'open-*')),
        ),
      ],
    });
  });

  afterAll(async () => {
    await secured?.stop();
    deaf();
  });

  letIn(() => secured);
  turnAway(() => secured);
  renewing(() => secured);
  leastPrivilege(() => secured);

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
    ['a group', 'Describe on group g', (transport) => transport.member(memberOptions('g', 'orders')).join()],
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
    const error = await attempt(await connected()).catch((reason: unknown) => reason as MillraceError);
    tell(error);
    expect(error).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(String(error)).toContain('Allow User:alice ');
    expect(String(error)).toContain(next);
  });

  async function connected(): Promise<Transport> {
    const transport = secured.transport('SASL', { sasl: alice.plain });
    await transport.connect();
    return transport;
  }

  it('has told nobody a secret: no message, no stack, no cause, no inside of a value, no line of output', () => {
    const told = allTold();
    expect(told.length).toBeGreaterThan(100);
    expect(secrets.size).toBeGreaterThan(5);
    for (const secret of secrets) expect(told.filter((text) => text.includes(secret))).toEqual([]);
  });
});
