import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type App, count, json, type MillraceError, stream, text, to } from '../../src/index.ts';
import { canMount, mountSmallDisk, occupy } from '../kit/smallDisk.ts';
import { guarantees, type World, world } from './appKit.ts';

const words = stream('words', { key: text, value: text });
const sinks = [words.pipe(count('seen'), to('counts'))];
const changelog = 'shop-seen-changelog';
const topics = ['words', 'counts'].map((topic) => ({ topic, partitions: 1 }));

async function feed(run: World, ...keys: string[]): Promise<void> {
  const records = keys.map((key, index) => ({ key, value: 'w', timestamp: index }));
  await run.clock.run(run.client.send('words', { key: text, value: text }, records));
}

async function counts(run: World): Promise<[string, number][]> {
  const records = await run.read('counts', { key: text, value: json<number>() });
  return records.map(({ key, value }) => [key!, value!]);
}

function warningsOf(one: App): MillraceError[] {
  const warnings: MillraceError[] = [];
  one.warnings.subscribe((warning) => warnings.push(warning));
  return warnings;
}

/** Starts one, has it count, stops it. */
async function counted(run: World, one: App, ...keys: string[]): Promise<void> {
  await run.start(one);
  await feed(run, ...keys);
  await run.drained('shop', ['words']);
  await run.clock.run(one.stop());
}

/** Damages a page that is in use. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 4096; at < bytes.length; at += 1024) bytes[at + 512]! ^= 0xff;
  writeFileSync(path, bytes);
}

describe.each(guarantees)('the state of a task, %s', (guarantee) => {
  const instance = (run: World): App => run.instance('shop', { sinks, guarantee, commitInterval: '100ms' });

  it('F13: is moved aside when it is damaged, told, and rebuilt', async () => {
    const run = await world(topics);
    await counted(run, instance(run), 'a', 'a');
    const folder = join(run.stateDir, 'shop', 'words_0');
    for (let time = 1; time <= 2; time++) {
      flip(join(folder, 'state.db'));
      const one = instance(run);
      const warnings = warningsOf(one);
      await counted(run, one, 'a');
      expect(warnings).toMatchObject([
        { code: 'STATE_CORRUPT', details: { path: join(folder, `damaged-${time}`) } },
      ]);
    }
    expect(readdirSync(folder).filter((name) => name.startsWith('damaged'))).toEqual([
      'damaged-1',
      'damaged-2',
    ]);
    expect((await counts(run)).at(-1)).toEqual(['a', 4]);
  });

  it('F7: is rebuilt when it is so old that deletions may be gone from the changelog', async () => {
    const run = await world(topics);
    await counted(run, instance(run), 'a', 'b');
    await run.clock.advance(13 * 3_600_000);
    const other = run.instance('shop', { sinks, guarantee, stateDir: join(run.stateDir, 'other') });
    await counted(run, other, 'a');
    const one = instance(run);
    const warnings = warningsOf(one);
    await counted(run, one, 'a', 'b');
    expect(warnings).toMatchObject([{ code: 'STATE_INCOMPATIBLE' }]);
    expect((await counts(run)).slice(-2)).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });

  it('F7: stays when it is old and nothing has happened since', async () => {
    const run = await world(topics);
    await counted(run, instance(run), 'a', 'b');
    await run.clock.advance(100 * 3_600_000);
    const one = instance(run);
    const warnings = warningsOf(one);
    await counted(run, one, 'a');
    expect(warnings).toEqual([]);
    expect((await counts(run)).at(-1)).toEqual(['a', 2]);
  });

  it('F3, F6: that knows more than its changelog stops the start, naming both positions', async () => {
    const run = await world(topics);
    await counted(run, instance(run), 'a', 'b');
    await run.clock.run(run.transport.admin.delete([changelog]));
    const error = await run.start(instance(run)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'STATE_AHEAD', details: { topic: changelog } });
    expect(String(error)).toMatch(/at most \d+ .*\d+ in the state folder/s);
  });

  it.runIf(canMount())('F12: waits for room on its disk, told with its path, and goes on', async () => {
    const run = await world(topics);
    const stateDir = join(run.stateDir, 'small');
    mkdirSync(stateDir);
    mountSmallDisk(stateDir, 3);
    const one = run.instance('shop', { sinks, guarantee, stateDir, commitInterval: '100ms' });
    const warnings = warningsOf(one);
    await run.start(one);
    await feed(run, 'a', 'b');
    await run.drained('shop', ['words']);
    const free = occupy(stateDir);
    const many = Array.from({ length: 3_000 }, (_, index) => `a longer word of number ${index}`);
    await feed(run, ...many);
    // Longer than a task that cannot be opened may otherwise take.
    await run.clock.advance(400_000);
    expect(one.state).not.toBe('failed');
    expect(warnings.map(({ code }) => code)).toContain('DISK_FULL');
    expect(warnings.find(({ code }) => code === 'DISK_FULL')!.details.path).toContain(stateDir);
    free();
    await run.clock.advance(5_000);
    await feed(run, 'a');
    await run.drained('shop', ['words']);
    await run.clock.run(one.stop());
    expect((await counts(run)).at(-1)).toEqual(['a', 2]);
    expect(new Set((await counts(run)).map(([key]) => key)).size).toBe(3_002);
  });
});
