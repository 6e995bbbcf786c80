import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  app,
  bytes,
  count,
  type Drop,
  type ErrorCode,
  type ErrorPolicy,
  filter,
  joinTable,
  json,
  keyBy,
  MillraceError,
  map,
  stream,
  table,
  text,
  to,
} from '../../src/index.ts';
import { lockFolder } from '../../src/state/lock.ts';
import { guarantees, type World, world } from './appKit.ts';

const order = z.object({ total: z.number() });
const raw = { key: bytes, value: bytes };
const topics = ['orders', 'totals', 'dead'].map((topic) => ({ topic, partitions: 1 }));
const good = (total: number) => ({
  key: Buffer.from('a'),
  value: Buffer.from(JSON.stringify({ total })),
  timestamp: 5,
});

const totals = (onError: ErrorPolicy) =>
  stream('orders', { key: text, value: json(order), onError }).pipe(
    map(({ total }) => {
      if (total === 13) throw new Error('unlucky');
      return total;
    }),
    to('totals'),
  );

async function send(run: World, ...records: Parameters<World['client']['send']>[2][]): Promise<void> {
  await run.clock.run(run.client.send('orders', raw, records.flat() as never));
}

/** Starts, and gives the error that the application ends with. */
async function failure(
  run: World,
  sinks: Parameters<typeof app>[1]['sinks'],
  options = {},
): Promise<MillraceError> {
  const one = run.instance('shop', { sinks, ...options });
  const ended = one.closed.then(
    () => undefined,
    (error: unknown) => error,
  );
  await run.clock.run(one.start().catch(() => undefined));
  const error = await run.clock.run(ended);
  expect(error).toBeInstanceOf(MillraceError);
  expect(one.state).toBe('failed');
  return error as MillraceError;
}

const values = async (run: World) =>
  (await run.read('totals', { key: text, value: json() })).map(({ value }) => value);
const position = async (run: World) =>
  (await run.clock.run(run.transport.committed('shop', [{ topic: 'orders', partition: 0 }])))[0]?.offset ?? 0;

const cases: [what: string, code: ErrorCode, record: object][] = [
  ['a value that is no JSON', 'DECODE_FAILED', { ...good(1), value: Buffer.from('{oops') }],
  ['a value that is no UTF-8', 'DECODE_FAILED', { ...good(1), value: Buffer.from([0x22, 0xff, 0x22]) }],
  ['a key that is no UTF-8', 'DECODE_FAILED', { ...good(1), key: Buffer.from([0xc3, 0x28]) }],
  [
    'a value that does not fit its schema',
    'SCHEMA_MISMATCH',
    { ...good(1), value: Buffer.from('{"total":"x"}') },
  ],
  ['a missing key', 'NULL_KEY', { ...good(1), key: null }],
  ['a missing value', 'NULL_VALUE', { ...good(1), value: null }],
  ['a negative timestamp', 'INVALID_TIMESTAMP', { ...good(1), timestamp: -1 }],
  ['a function that throws', 'STEP_FAILED', good(13)],
];

describe.each(guarantees)('bad records with %s', (guarantee) => {
  it.each(cases)('%s stops the application, which says where and what to do', async (_, code, record) => {
    const run = await world(topics);
    await send(run, [good(1), good(2), record, good(3)] as never);
    const error = await failure(run, [totals('fail')], { guarantee });
    expect(error.code).toBe(code);
    expect(error.details).toMatchObject({ topic: 'orders', partition: 0, offset: 2 });
    expect(error.message).toContain('Next: ');
    expect(await position(run), 'nothing is committed past it').toBeLessThanOrEqual(2);
    expect(await values(run)).not.toContain(3);
  });

  it.each(cases)('%s is skipped where the source says so, and reported', async (_, code, record) => {
    const run = await world(topics);
    await send(run, [good(1), record, good(3)] as never);
    const drops: Drop[] = [];
    const one = run.instance('shop', { sinks: [totals('skip')], guarantee });
    one.drops.subscribe((drop) => drops.push(drop));
    await run.start(one);
    await run.drained('shop', ['orders']);
    await run.clock.run(one.stop());
    expect(new Set(await values(run))).toEqual(new Set([1, 3]));
    expect(drops.at(-1)).toMatchObject({ topic: 'orders', offset: 1 });
    expect(drops.at(-1)?.error?.code).toBe(code);
  });

  it.each(cases)('%s goes to the dead letters with its bytes and its origin', async (_, code, record) => {
    const run = await world(topics);
    await send(run, [good(1), record, good(3)] as never);
    const one = run.instance('shop', { sinks: [totals({ deadLetters: 'dead' })], guarantee });
    await run.start(one);
    await run.drained('shop', ['orders']);
    await run.clock.run(one.stop());
    expect(new Set(await values(run))).toEqual(new Set([1, 3]));
    const [dead, ...others] = await run.read('dead', raw);
    expect(others).toEqual([]);
    expect({ key: dead!.key, value: dead!.value }).toEqual({
      key: (record as ReturnType<typeof good>).key,
      value: (record as ReturnType<typeof good>).value,
    });
    const headers = Object.fromEntries(dead!.headers.map(([name, value]) => [name, String(value)]));
    expect(headers).toMatchObject({ 'millrace.error.code': code, 'millrace.origin.offset': '1' });
  });
});

describe('a broker that lacks what is needed', () => {
  it('is told by the names of all missing topics', async () => {
    const run = await world([{ topic: 'orders', partitions: 1 }]);
    const error = await failure(run, [totals({ deadLetters: 'dead' })]);
    expect(error.code).toBe('UNKNOWN_TOPIC');
    expect(error.message).toContain('totals, dead');
  });

  it('with different numbers of partitions on both sides of a join is refused', async () => {
    const run = await world([...topics, { topic: 'users', partitions: 2 }]);
    const users = table('users', { key: text, value: json<string>() });
    const joined = stream('orders', { key: text, value: json(order) }).pipe(
      joinTable(users, ({ total }, name) => `${name} ${total}`),
      to('totals'),
    );
    const error = await failure(run, [joined]);
    expect(error.code).toBe('PARTITION_MISMATCH');
    expect(error.message).toContain('orders: 1, users: 2');
  });

  it('F9: whose partitions were changed since state was built is refused', async () => {
    const run = await world(topics);
    const counted = stream('orders', { key: text, value: json() }).pipe(count('counts'), to('totals'));
    await run.clock.run(
      run.client.createTopics([
        { topic: 'shop-counts-changelog', partitions: 4, config: { 'cleanup.policy': 'compact' } },
      ]),
    );
    const error = await failure(run, [counted]);
    expect(error.code).toBe('PARTITIONS_CHANGED');
    expect(error.message).toContain('shop-counts-changelog');
  });

  it('F6: with an internal topic that deletes records is refused', async () => {
    const run = await world(topics);
    const counted = stream('orders', { key: text, value: json() }).pipe(count('counts'), to('totals'));
    const config = { 'cleanup.policy': 'delete' };
    await run.clock.run(run.client.createTopics([{ topic: 'shop-counts-changelog', partitions: 1, config }]));
    expect((await failure(run, [counted])).code).toBe('INTERNAL_TOPIC_MISMATCH');
  });
});

describe('a state folder', () => {
  const counted = stream('orders', { key: text, value: json() }).pipe(count('counts'), to('totals'));

  it('F14: that another owner holds is refused with its path and process', async () => {
    const run = await world(topics);
    const folder = join(run.stateDir, 'shop', 'orders_0');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = lockFolder(folder);
    const one = run.instance('shop', { sinks: [counted] });
    const starting = one.start();
    await run.clock.advance(20_000);
    expect(one.state).toBe('restoring');
    lock.release();
    await run.clock.run(starting);
    expect(one.state).toBe('running');
    await run.clock.run(one.stop());
  });

  it('F12: that cannot be written is refused with its path', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may write everywhere; test/state shows it as another user');
    const run = await world(topics);
    chmodSync(run.stateDir, 0o500);
    const error = await failure(run, [counted]);
    expect(error.code).toBe('STATE_UNWRITABLE');
    expect(error.message).toContain(run.stateDir);
  });
});

describe('settings', () => {
  const sinks = [totals('fail')];
  const thrown = (options: object): MillraceError => {
    try {
      app('shop', { sinks, ...options });
    } catch (error) {
      return error as MillraceError;
    }
    throw new Error('app() did not throw');
  };

  it('that do not exist are refused with what was meant', () => {
    const error = thrown({ comitInterval: '1s' });
    expect(error.code).toBe('UNKNOWN_SETTING');
    expect(error.message).toContain("Did you mean 'commitInterval'?");
  });

  it.each([
    [{ guarantee: 'maybe-once' }, 'exactly-once or at-least-once'],
    [{ compression: 'brotli' }, 'none, gzip, snappy, lz4 or zstd'],
    [{ brokers: 'localhost' }, 'host:port'],
    [{ maxBufferedBytes: -1 }, 'a whole number from 1 on'],
    [{ maxPendingBytes: 0 }, 'a whole number from 1 on'],
    [{ batchBytes: 1.5 }, 'a whole number from 1 on'],
    [{ batchBytes: 2000, maxRequestBytes: 1000 }, 'at most maxRequestBytes (1000)'],
    [{ deliveryTimeout: '5ms', linger: '5ms' }, 'more than linger (5 ms)'],
    [{ heartbeatInterval: '5s', sessionTimeout: '6s' }, 'half of sessionTimeout'],
    [{ revokeTimeout: '60s' }, 'less than rebalanceTimeout'],
    [{ instanceId: 'pod 1' }, 'letters, digits, dots'],
    [{ instanceId: '..' }, 'letters, digits, dots'],
    [{ commitInterval: '20s' }, 'transactionTimeout'],
  ])('%o are refused with what is allowed', (options, expected) => {
    const error = thrown(options);
    expect(error.code).toBe('INVALID_SETTING');
    expect(error.message).toContain(expected);
  });

  it('refuse a name that cannot be a consumer group and a prefix of topics', () => {
    expect(() => app('no spaces', { sinks })).toThrow(/INVALID_NAME/);
  });

  it('refuse an application that does nothing', () => {
    expect(() => app('shop', { sinks: [] })).toThrow(/INVALID_ARGUMENT/);
  });

  it('refuse two steps that would keep their state under one name', () => {
    const orders = stream('orders', { key: text, value: json(order) });
    const a = orders.pipe(
      filter(() => true),
      keyBy(() => 'x'),
      count('same'),
      to('totals'),
    );
    const b = orders.pipe(count('same'), to('dead'));
    expect(() => app('shop', { sinks: [a, b] })).toThrow(/AMBIGUOUS_NAME/);
  });
});
