import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type App,
  aggregate,
  app,
  count,
  emitOnCommit,
  globalTable,
  joinGlobal,
  joinTable,
  json,
  keyBy,
  type MillraceError,
  mapAsync,
  type RestoreProgress,
  stream,
  table,
  text,
  to,
} from '../../src/index.ts';
import { guarantees, type World, world } from './appKit.ts';

const codecs = { key: text, value: json<number>() };
const topics = ['in', 'out'].map((topic) => ({ topic, partitions: 2 }));
const numbers = stream('in', codecs);
const sums = numbers.pipe(
  aggregate(
    () => 0,
    (sum, value) => sum + value,
    'sums',
  ),
);

const send = (run: World, topic: string, ...records: [key: string, value: number, timestamp?: number][]) =>
  run.clock.run(
    run.client.send(
      topic,
      codecs,
      records.map(([key, value, timestamp = 0]) => ({ key, value, timestamp })),
    ),
  );
const stop = (run: World, one: App) => run.clock.run(one.stop());
const lastOf = async (run: World, topic = 'out') =>
  Object.fromEntries((await run.read(topic, codecs)).map(({ key, value }) => [key, value]));

describe('app', () => {
  it('shows the rows of the tasks that run here, and of global tables', async () => {
    const run = await world([...topics, { topic: 'names', partitions: 1 }]);
    const names = globalTable('names', { ...codecs, name: 'names' });
    const joined = numbers.pipe(
      joinGlobal(
        names,
        (_, message) => message.key,
        (value, name) => value + name,
      ),
      to('out'),
    );
    const [one, other] = ['one', 'other'].map(() => run.instance('rows', { sinks: [sums, joined] }));
    expect(one!.rows('sums')).toEqual([]);
    await run.start(one!, other!);
    await send(run, 'names', ['a', 7]);
    await send(run, 'in', ...['a', 'b', 'c', 'd', 'a'].map((key) => [key, 1, 5] as [string, number, number]));
    await run.drained('rows', ['in']);
    const rows = [...one!.rows('sums'), ...other!.rows('sums')];
    expect(new Map(rows)).toEqual(
      new Map(['a', 'b', 'c', 'd'].map((key) => [key, { value: key === 'a' ? 2 : 1, timestamp: 5 }])),
    );
    expect(Math.min(one!.rows('sums').length, other!.rows('sums').length)).toBeGreaterThan(0);
    expect(one!.rows('names')).toEqual([['a', { value: 7, timestamp: 0 }]]);
    expect(() => one!.rows('sum')).toThrow('There is no store sum');
    await Promise.all([stop(run, one!), stop(run, other!)]);
  });

  it.each(['stop', 'crash'] as const)('is gone after a %s at any moment of its start', async (end) => {
    const gone = { sinks: [sums.pipe(to('out'))], stateDir: 'memory' } as const;
    for (let nth = 0; nth < 24; nth++) {
      let calls = 0;
      let ended: Promise<void> | undefined;
      const faults = {
        on({ clientId }: { readonly clientId: string }) {
          if (clientId === 'early' && calls++ === nth) ended = early[end]();
          return undefined;
        },
      };
      const run = await world(topics, faults);
      const early: App = run.instance('gone', { ...gone, clientId: 'early' });
      const started = early.start().catch(() => undefined);
      if (nth === 0) ended = early[end]();
      await run.clock.advance(1_000);
      ended ??= early[end]();
      await run.clock.run(Promise.all([started, ended]));
      expect([early.state, early.tasks], `call ${nth}`).toEqual(['closed', []]);
      const other = run.instance('gone', gone);
      await run.start(other);
      await run.clock.advance(15_000);
      expect(other.tasks, `call ${nth}`).toEqual(['in_0', 'in_1']);
      await stop(run, other);
    }
  });

  it('goes through its states and tells them', async () => {
    const run = await world(topics);
    const one = run.instance('states', { sinks: [sums.pipe(to('out'))] });
    const states: string[] = [];
    one.states.subscribe((state) => states.push(state));
    await run.start(one);
    await stop(run, one);
    expect(states).toEqual([
      'created',
      'connecting',
      'rebalancing',
      'restoring',
      'running',
      'draining',
      'closed',
    ]);
    await expect(one.closed).resolves.toBeUndefined();
  });

  it('runs once', async () => {
    const run = await world(topics);
    const one = run.instance('once', { sinks: [sums] });
    await run.start(one);
    await stop(run, one);
    await expect(one.start()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });

  const direct = sums.pipe(to('out'));
  const slow = numbers.pipe(
    mapAsync(async (value: number) => value),
    to('out'),
  );
  it.each([
    ['directly', 'exactly-once', direct],
    ['directly', 'at-least-once', direct],
    ['by way of mapAsync', 'exactly-once', slow],
  ] as const)('commits positions beyond aborted records, read %s, %s', async (_, guarantee, sink) => {
    const run = await world(topics);
    await send(run, 'in', ['a', 1], ['b', 1]);
    const one = run.instance('tail', { sinks: [sink], guarantee });
    await run.start(one);
    await run.drained('tail', ['in']);
    const producer = await run.clock.run(run.transport.producer({ transactionalId: 'another' }));
    for (const partition of [0, 1]) producer.append('in', partition, 'a', '7', 0, []);
    await run.clock.run(producer.flush());
    await run.clock.run(producer.abort());
    await run.drained('tail', ['in']);
    await stop(run, one);
    expect(await lastOf(run)).toEqual({ a: 1, b: 1 });
  });

  it('commits what it has processed when it is stopped', async () => {
    const run = await world(topics);
    await send(run, 'in', ['a', 1], ['a', 2]);
    const one = run.instance('stop', { sinks: [sums.pipe(to('out'))], commitInterval: '5s' });
    await run.start(one);
    await run.clock.advance(200);
    expect(await lastOf(run)).toEqual({});
    await stop(run, one);
    expect(await lastOf(run)).toEqual({ a: 3 });
  });

  it('is stopped at the end of an `await using` block', async () => {
    const run = await world(topics);
    const one = run.instance('using', { sinks: [sums] });
    await run.start(one);
    await run.clock.run(Promise.resolve(one[Symbol.asyncDispose]()));
    expect(one.state).toBe('closed');
  });

  it('gives up a stop that takes longer than allowed, with an error', async () => {
    const run = await world(topics, {
      on: ({ api, clientId }) =>
        api === 'endTxn' && clientId === 'slow' ? { kind: 'delayRequest', ms: 60_000 } : undefined,
    });
    await send(run, 'in', ['a', 1]);
    const one = run.instance('slow', {
      sinks: [sums.pipe(to('out'))],
      stopTimeout: '1s',
      transactionTimeout: '5s',
    });
    await run.start(one);
    await run.clock.advance(150);
    await expect(stop(run, one)).rejects.toMatchObject({
      code: 'STOP_TIMEOUT',
    } satisfies Partial<MillraceError>);
    expect(one.state).toBe('failed');
  });

  it('describes itself without a broker', () => {
    const one = app('drawn', { sinks: [sums.pipe(to('out'))], brokers: 'nowhere.invalid:9092' });
    expect(one.describe()).toContain('Sub-topology: 0');
    expect(one.describe('mermaid')).toContain('flowchart');
    expect(JSON.parse(one.describe('json'))).toBeTypeOf('object');
  });
});

describe.each(guarantees)('state with %s', (guarantee) => {
  it('is there after a restart on the same folder', async () => {
    const run = await world(topics);
    await send(run, 'in', ['a', 1], ['b', 10]);
    for (const more of [2, 3]) {
      const one = run.instance('again', { sinks: [sums.pipe(to('out'))], guarantee });
      await run.start(one);
      await send(run, 'in', ['a', more]);
      await run.drained('again', ['in']);
      await stop(run, one);
    }
    expect(await lastOf(run)).toEqual({ a: 6, b: 10 });
  });

  it.each(['folder is lost', 'is kept in memory'])(
    'is rebuilt from the changelog when it %s, with progress',
    async (how) => {
      const run = await world(topics);
      const memory = how === 'is kept in memory' ? { stateDir: 'memory' } : {};
      await send(run, 'in', ['a', 1], ['b', 10], ['c', 100]);
      const first = run.instance('lost', { sinks: [sums.pipe(to('out'))], guarantee, ...memory });
      await run.start(first);
      await run.drained('lost', ['in']);
      await stop(run, first);
      rmSync(run.stateDir, { recursive: true, force: true });
      const second = run.instance('lost', { sinks: [sums.pipe(to('out'))], guarantee, ...memory });
      const progress: RestoreProgress[] = [];
      second.restores.subscribe((at) => progress.push(at));
      await run.start(second);
      await send(run, 'in', ['a', 5]);
      await run.drained('lost', ['in']);
      await stop(run, second);
      expect(await lastOf(run)).toEqual({ a: 6, b: 10, c: 100 });
      expect(
        progress.filter(({ done }) => done).every(({ restored, total }) => restored === total && total > 0),
      ).toBe(true);
    },
  );

  it('F6: whose changelog is gone while offsets remain stops the start', async () => {
    const run = await world(topics);
    await send(run, 'in', ['a', 1]);
    const first = run.instance('gone', { sinks: [sums], guarantee });
    await run.start(first);
    await run.drained('gone', ['in']);
    await stop(run, first);
    await run.clock.run(run.transport.admin.delete(['gone-sums-changelog']));
    rmSync(run.stateDir, { recursive: true, force: true });
    const second = run.instance('gone', { sinks: [sums], guarantee });
    await expect(run.start(second)).rejects.toMatchObject({ code: 'OFFSETS_MOVED' });
  });
});

describe('joins', () => {
  it('see the table as it was at the time of the record, also when everything is there at the start', async () => {
    const run = await world([...topics, { topic: 'users', partitions: 2 }]);
    await send(
      run,
      'in',
      ...Array.from({ length: 50 }, (_, n): [string, number, number] => [`k${n}`, n, 1_000 + n]),
    );
    await send(
      run,
      'users',
      ...Array.from({ length: 50 }, (_, n): [string, number, number] => [`k${n}`, 1_000 * n, n]),
    );
    await send(
      run,
      'users',
      ...Array.from({ length: 50 }, (_, n): [string, number, number] => [`k${n}`, -1, 9_000]),
    );
    const joined = numbers.pipe(
      joinTable(table('users', codecs), (left, right) => left + right),
      to('out'),
    );
    const one = run.instance('join', { sinks: [joined] });
    await run.start(one);
    await run.drained('join', ['in', 'users']);
    await stop(run, one);
    const expected = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, n + 1_000 * n]));
    expect(await lastOf(run)).toEqual(expected);
  });

  it('with a global table find rows of every partition, loaded before the first record', async () => {
    const run = await world([...topics, { topic: 'rates', partitions: 3 }]);
    await send(run, 'rates', ['x', 2], ['y', 3], ['z', 5]);
    await send(run, 'in', ['a', 10], ['b', 10], ['c', 10]);
    const keys: Record<string, string> = { a: 'x', b: 'y', c: 'z' };
    const joined = numbers.pipe(
      joinGlobal(
        globalTable('rates', codecs),
        (_, { key }) => keys[key]!,
        (value, rate) => value * rate,
      ),
      to('out'),
    );
    const one = run.instance('global', { sinks: [joined] });
    await run.start(one);
    await run.drained('global', ['in']);
    await send(run, 'rates', ['x', 7]);
    await run.clock.advance(1_000);
    await send(run, 'in', ['a', 10]);
    await run.drained('global', ['in']);
    await stop(run, one);
    expect((await run.read('out', codecs)).map(({ value }) => value).sort()).toEqual([20, 30, 50, 70]);
  });
});

describe('repartitioning', () => {
  it('brings records of one key together before they are counted', async () => {
    const run = await world(topics);
    const counted = numbers.pipe(
      keyBy((value) => (value % 2 === 0 ? 'even' : 'odd')),
      count('parity'),
      to('out'),
    );
    await send(run, 'in', ...Array.from({ length: 40 }, (_, n): [string, number] => [`k${n}`, n]));
    const apps = [run.instance('parity', { sinks: [counted] }), run.instance('parity', { sinks: [counted] })];
    await run.start(...apps);
    await run.drained('parity', ['in', 'parity-parity-repartition']);
    await run.clock.run(Promise.all(apps.map((one) => one.stop())));
    expect(await lastOf(run)).toEqual({ even: 20, odd: 20 });
  });
});

describe('a running application', () => {
  it('purges repartition topics of what has been processed, and of nothing else', async () => {
    const run = await world(topics);
    const counted = numbers.pipe(
      keyBy(() => 'all'),
      count('all'),
      to('out'),
    );
    await send(run, 'in', ...Array.from({ length: 40 }, (_, n): [string, number] => [`k${n}`, n]));
    const one = run.instance('purge', { sinks: [counted] });
    await run.start(one);
    await run.drained('purge', ['in', 'purge-all-repartition']);
    await run.clock.advance(31_000);
    const partitions = [0, 1].map((partition) => ({ topic: 'purge-all-repartition', partition }));
    const starts = await run.clock.run(run.transport.admin.startOffsets(partitions));
    const committed = await run.clock.run(run.transport.committed('purge', partitions));
    expect(Math.max(...starts)).toBeGreaterThanOrEqual(40);
    expect(starts).toEqual(committed.map((position) => position?.offset ?? 0));
    await send(run, 'in', ['more', 1]);
    await run.drained('purge', ['in', 'purge-all-repartition']);
    await stop(run, one);
    expect(await lastOf(run)).toEqual({ all: 41 });
  });

  it('ends when a topic that it reads is deleted', async () => {
    const run = await world(topics);
    const one = run.instance('deleted', { sinks: [sums] });
    await run.start(one);
    const ended = one.closed.catch((error: unknown) => error);
    await run.clock.run(run.transport.admin.delete(['in']));
    await run.clock.advance(40_000);
    expect(await ended).toMatchObject({ code: 'UNKNOWN_TOPIC' });
  });
});

describe('emitOnCommit', () => {
  it('passes on one update per key and commit, and loses none when the application stops', async () => {
    const run = await world(topics);
    await send(run, 'in', ['a', 1], ['a', 2], ['a', 3], ['b', 1]);
    const one = run.instance('calm', { sinks: [sums.pipe(emitOnCommit(), to('out'))] });
    await run.start(one);
    await run.drained('calm', ['in']);
    await stop(run, one);
    expect((await run.read('out', codecs)).map(({ key, value }) => `${key}${value}`).sort()).toEqual([
      'a6',
      'b1',
    ]);
  });
});

describe('mapAsync', () => {
  const slow = (run: World, ms: (value: number) => number) =>
    mapAsync(
      (value: number) =>
        new Promise<number>((resolve) => run.clock.after(ms(value), () => resolve(value * 10))),
      { concurrency: 4, timeout: '1s', retries: 1, backoff: '10ms' },
    );

  it('keeps the order of the records, whatever the order of the answers', async () => {
    const run = await world([
      { topic: 'in', partitions: 1 },
      { topic: 'out', partitions: 1 },
    ]);
    await send(run, 'in', ...Array.from({ length: 20 }, (_, n): [string, number] => ['k', n]));
    const one = run.instance('order', {
      sinks: [
        numbers.pipe(
          slow(run, (value) => 100 - 5 * value),
          to('out'),
        ),
      ],
    });
    await run.start(one);
    await run.drained('order', ['in']);
    await stop(run, one);
    expect((await run.read('out', codecs)).map(({ value }) => value)).toEqual(
      Array.from({ length: 20 }, (_, n) => n * 10),
    );
  });

  it('does not commit past a record that is not answered yet', async () => {
    const run = await world([
      { topic: 'in', partitions: 1 },
      { topic: 'out', partitions: 1 },
    ]);
    await send(run, 'in', ['k', 0], ['k', 1], ['k', 2]);
    const one = run.instance('barrier', {
      sinks: [
        numbers.pipe(
          slow(run, (value) => (value === 1 ? 900 : 1)),
          to('out'),
        ),
      ],
    });
    await run.start(one);
    await run.clock.advance(500);
    const [committed] = await run.clock.run(
      run.transport.committed('barrier', [{ topic: 'in', partition: 0 }]),
    );
    expect(committed?.offset).toBe(1);
    await run.drained('barrier', ['in']);
    await stop(run, one);
    expect((await run.read('out', codecs)).map(({ value }) => value)).toEqual([0, 10, 20]);
  });

  it('ends the application with STEP_TIMEOUT when no answer comes, after its retries', async () => {
    const run = await world(topics);
    await send(run, 'in', ['k', 7]);
    let calls = 0;
    const counting = mapAsync(
      (value: number) => {
        calls++;
        return new Promise<number>((resolve) => run.clock.after(60_000, () => resolve(value)));
      },
      { concurrency: 1, timeout: '1s', retries: 2, backoff: '10ms' },
    );
    const one = run.instance('never', { sinks: [numbers.pipe(counting, to('out'))] });
    await run.start(one);
    const ended = one.closed.catch((error: unknown) => error);
    expect(await run.clock.run(ended)).toMatchObject({ code: 'STEP_TIMEOUT' });
    expect(calls).toBe(3);
  });

  it('may not stand behind a step that keeps state, and says where to put it', () => {
    const joined = numbers.pipe(
      joinTable(table('users', codecs), (left, right) => left + right),
      mapAsync(async (value: number) => value),
      to('out'),
    );
    expect(() => app('behind', { sinks: [joined] })).toThrow(/MISPLACED_STEP.*in\.joinTable\.mapAsync/);
  });
});
