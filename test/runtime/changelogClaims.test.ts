import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type App, count, json, keyBy, type MillraceError, stream, text, to } from '../../src/index.ts';
import { claimedIn } from '../../src/runtime/changelogClaims.ts';
import type { Faults } from '../../src/runtime/transport/embedded/faults.ts';
import type { Batch } from '../../src/runtime/transport/transport.ts';
import { type World, world } from './appKit.ts';

const words = stream('words', { key: text, value: text });
const sinks = [
  words.pipe(count('seen'), to('counts')),
  words.pipe(
    keyBy((word) => word),
    count('all'),
  ),
];
const seen = 'zombies-seen-changelog';
const topics = ['words', 'counts'].map((topic) => ({ topic, partitions: 1 }));
const timing = { sessionTimeout: '2s', heartbeatInterval: '500ms', commitInterval: '100ms' } as const;

function instance(
  run: World,
  options: { readonly guarantee?: 'exactly-once'; readonly clientId?: string } = {},
): App {
  return run.instance('zombies', { sinks, guarantee: 'at-least-once', ...timing, ...options });
}

async function feed(run: World, ...keys: string[]): Promise<void> {
  const records = keys.map((key, index) => ({ key, value: 'w', timestamp: index }));
  await run.clock.run(run.client.send('words', { key: text, value: text }, records));
}

/** Starts it, has it count, and stops it. */
async function counted(run: World, app: App, ...keys: string[]): Promise<void> {
  await run.start(app);
  await feed(run, ...keys);
  await run.drained('zombies', ['words', 'zombies-all-repartition']);
  await run.clock.run(app.stop());
}

/** What a worker that was given up has still under way: rows, each written by a producer that owns nothing. */
async function late(run: World, ...rows: readonly (readonly [key: string, value: string | null])[]) {
  const producer = await run.clock.run(run.transport.producer({}));
  for (const [key, value] of rows) producer.append(seen, 0, key, value, 0, []);
  await run.clock.run(producer.flush());
}

async function log(run: World): Promise<{ key: string; value: string | null; producerId: number }[]> {
  const reader = run.transport.reader({ isolation: 'committed', maxBytes: 1e6 });
  const at = { topic: seen, partition: 0 };
  const [start] = await run.clock.run(run.transport.admin.startOffsets([at]));
  const [end] = await run.clock.run(run.transport.admin.endOffsets([at], 'committed'));
  reader.assign([{ ...at, offset: start! }]);
  const found: { key: string; value: string | null; producerId: number }[] = [];
  const show = (batch: Batch): void => {
    while (batch.next()) {
      const key = batch.keyBytes()!;
      const kind = claimedIn(batch, key) === undefined ? key.toString('latin1') : 'claim';
      found.push({ key: kind, value: batch.valueText(), producerId: batch.producerId });
    }
  };
  while (reader.position(at) < end!) for (const batch of await run.clock.run(reader.poll(100))) show(batch);
  await run.clock.run(reader.close());
  return found;
}

const claims = (records: Awaited<ReturnType<typeof log>>) => records.filter(({ key }) => key === 'claim');

function forget(run: World): void {
  rmSync(run.stateDir, { recursive: true, force: true });
}

async function lastCounts(run: World): Promise<Record<string, number>> {
  const records = await run.read('counts', { key: text, value: json<number>() });
  return Object.fromEntries(records.map(({ key, value }) => [key!, value!]));
}

describe('claimChangelogs', () => {
  it('F4: rows that a worker which was given up writes late do not undo newer ones', async () => {
    const run = await world(topics);
    await counted(run, instance(run), 'a', 'a', 'a', 'b');
    await late(run, ['a', '1'], ['b', null], ['c', '9']);
    forget(run);
    await counted(run, instance(run), 'a', 'b', 'c');
    expect(await lastCounts(run)).toEqual({ a: 4, b: 2, c: 1 });
  });

  it('F4: what late rows cover is written again, so that compaction keeps what counts', async () => {
    const run = await world(topics);
    await counted(run, instance(run), 'a', 'a', 'a', 'b');
    await late(run, ['a', '1'], ['b', null], ['c', '9']);
    const one = instance(run);
    await run.start(one);
    await run.clock.run(one.stop());
    const lines = await log(run);
    const last = new Map(lines.map((line) => [line.key, line]));
    const owner = claims(lines).findLast(({ value }) => value !== null)!.producerId;
    for (const [key, value] of [
      ['a', '3'],
      ['b', '1'],
      ['c', null],
    ] as const) {
      expect(last.get(key), key).toEqual({ key, value, producerId: owner });
    }
    // Beyond min.compaction.lag.ms and delete.retention.ms nothing else is left of them.
    await run.clock.advance(26 * 3_600_000);
    expect((await log(run)).filter(({ key }) => 'abc'.includes(key))).toEqual([
      { key: 'a', value: '3', producerId: owner },
      { key: 'b', value: '1', producerId: owner },
    ]);
    forget(run);
    await counted(run, instance(run), 'a', 'b', 'c');
    expect(await lastCounts(run)).toEqual({ a: 4, b: 2, c: 1 });
  });

  it('F4: a worker that runs notices them at its next commit and makes good for them', async () => {
    const run = await world(topics);
    const one = instance(run);
    const warnings: MillraceError[] = [];
    one.warnings.subscribe((warning) => warnings.push(warning));
    await run.start(one);
    await feed(run, 'a', 'a', 'b');
    await run.drained('zombies', ['words']);
    await late(run, ['a', '1']);
    await feed(run, 'b');
    await run.drained('zombies', ['words', 'zombies-all-repartition']);
    expect(warnings).toMatchObject([{ code: 'FENCED' }]);
    const rows = (await log(run)).filter(({ key }) => key === 'a');
    expect(rows.at(-1)).toMatchObject({ value: '2' });
    await run.clock.run(one.crash());
    forget(run);
    await counted(run, instance(run), 'a', 'b');
    expect(await lastCounts(run)).toEqual({ a: 3, b: 3 });
  });

  it('F4: a claim that comes late, of a worker that died over it, does no harm', async () => {
    const run = await world(topics);
    const one = instance(run);
    await run.start(one);
    await feed(run, 'a', 'a');
    await run.drained('zombies', ['words']);
    const dead = await run.clock.run(run.transport.producer({}));
    const [claim] = claims(await log(run));
    const key = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('millrace.claim.dead')]);
    dead.append(seen, 0, key, claim!.value, 0, [['millrace.claim', Buffer.from('1')]]);
    await run.clock.run(dead.flush());
    await feed(run, 'a', 'b');
    await run.drained('zombies', ['words', 'zombies-all-repartition']);
    await run.clock.run(one.crash());
    forget(run);
    await counted(run, instance(run), 'a', 'b');
    expect(await lastCounts(run)).toEqual({ a: 4, b: 2 });
  });

  it.each([1, 2, 3])('F4: what was cut off at its write %i is made good for by the next', async (cut) => {
    let left = Number.POSITIVE_INFINITY;
    const faults: Faults = {
      on({ api, clientId }) {
        if (api !== 'produce' || clientId !== 'cut') return undefined;
        left--;
        return left === 0 ? { kind: 'loseRequest' } : undefined;
      },
    };
    const run = await world(topics, faults);
    await counted(run, instance(run), 'a', 'a', 'a', 'b');
    await late(run, ['a', '1'], ['b', null]);
    // Rows, claims: the task of the other store has nothing to write but its claim.
    left = cut + 1;
    const one = instance(run, { clientId: 'cut' });
    one.start().catch(() => undefined);
    await run.clock.advance(5_000);
    expect(left).toBeLessThanOrEqual(0);
    await run.clock.run(one.crash());
    await run.clock.advance(5_000);
    await counted(run, instance(run));
    const last = new Map((await log(run)).map(({ key, value }) => [key, value]));
    expect([last.get('a'), last.get('b')]).toEqual(['3', '1']);
    forget(run);
    await counted(run, instance(run), 'a', 'b');
    expect(await lastCounts(run)).toEqual({ a: 4, b: 2 });
  });

  it('leaves one claim in a changelog, however often it is taken over', async () => {
    const run = await world(topics);
    for (let round = 0; round < 5; round++) {
      await counted(run, instance(run), 'a');
      if (round === 2) forget(run);
    }
    await run.clock.advance(26 * 3_600_000);
    // Tombstones go at the round after the one that has seen them.
    await counted(run, instance(run), 'a');
    await run.clock.advance(26 * 3_600_000);
    expect(claims(await log(run)).filter(({ value }) => value !== null)).toHaveLength(1);
    expect(await lastCounts(run)).toEqual({ a: 6 });
  });

  it('is not called exactly-once, but for changelogs that were written at-least-once before', async () => {
    const run = await world(topics);
    await counted(run, instance(run, { guarantee: 'exactly-once' }), 'a');
    expect(claims(await log(run))).toEqual([]);
    await counted(run, instance(run), 'a');
    forget(run);
    await counted(run, instance(run, { guarantee: 'exactly-once' }), 'a');
    await late(run, ['a', '1']);
    await counted(run, instance(run, { guarantee: 'exactly-once' }), 'a');
    forget(run);
    await counted(run, instance(run, { guarantee: 'exactly-once' }), 'a');
    expect(
      (await run.read('counts', { key: text, value: json<number>() })).map(({ value }) => value),
    ).toEqual([1, 2, 3, 4, 5]);
    expect(claims(await log(run)).filter(({ value }) => value !== null)).toHaveLength(2);
  });
});
