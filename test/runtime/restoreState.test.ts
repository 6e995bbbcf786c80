import { describe, expect, it } from 'vitest';
import { type App, count, json, type RestoreProgress, stream, text, to } from '../../src/index.ts';
import type { Call, Fault } from '../../src/runtime/transport/embedded/faults.ts';
import { guarantees, type World, world } from './appKit.ts';

const words = stream('words', { key: text, value: text });
const sinks = [words.pipe(count('seen'), to('counts'))];
const topics = ['words', 'counts'].map((topic) => ({ topic, partitions: 2 }));
const timing = { sessionTimeout: '2s', heartbeatInterval: '200ms', commitInterval: '100ms' } as const;

async function feed(run: World, keys: readonly string[]): Promise<void> {
  const records = keys.map((key, index) => ({ key, value: 'w', timestamp: index }));
  await run.clock.run(run.client.send('words', { key: text, value: text }, records));
}

async function counts(run: World): Promise<Map<string, number>> {
  const records = await run.read('counts', { key: text, value: json<number>() });
  return new Map(records.map(({ key, value }) => [key!, value!]));
}

function progressOf(one: App): RestoreProgress[] {
  const progress: RestoreProgress[] = [];
  one.restores.subscribe((step) => progress.push(step));
  return progress;
}

const many = Array.from({ length: 2_000 }, (_, index) => `a word of some length with number ${index}`);

describe.each(guarantees)('restoreState, %s', (guarantee) => {
  const options = { sinks, guarantee, ...timing } as const;

  it('does not keep the other tasks of the worker from going on, keeps to its rate and tells how far it is', async () => {
    const run = await world(topics);
    const slow = { stateDir: 'memory', maxRestoreBytesPerSecond: 5_000 } as const;
    const one = run.instance('shop', { ...options, ...slow, clientId: 'one' });
    const two = run.instance('shop', { ...options, ...slow, clientId: 'two' });
    await run.start(one, two);
    await feed(run, many);
    await run.drained('shop', ['words']);
    const progress = progressOf(one);
    await run.clock.run(two.crash());
    await run.clock.advance(4_000);
    expect(one.state).toBe('restoring');
    const begun = run.clock.monotonic();
    // About half of these are of the task that goes on.
    await feed(run, many);
    await run.clock.advance(1_000);
    expect(one.state).toBe('restoring');
    const doubled = [...(await counts(run)).values()].filter((value) => value === 2).length;
    expect(doubled).toBeGreaterThan(800);
    expect(doubled).toBeLessThan(1_200);
    await run.drained('shop', ['words']);
    expect(run.clock.monotonic() - begun).toBeGreaterThan(3_000);
    const last = progress.at(-1)!;
    expect(last).toMatchObject({ done: true, left: 0, restored: last.total });
    expect(last.bytes).toBeGreaterThan(20_000);
    expect(new Set((await counts(run)).values())).toEqual(new Set([2]));
    await run.clock.run(one.stop());
  });

  it('F2: reads no more than the last commit when the process was killed in it', async () => {
    let fault: (call: Call) => Fault | undefined = () => undefined;
    const run = await world(topics, { on: (call) => fault(call) });
    const one = run.instance('shop', { ...options, clientId: 'killed' });
    await run.start(one);
    await feed(run, many);
    await run.drained('shop', ['words']);
    // The broker has decided, or has all that at-least-once writes, and the worker does not hear of it any more.
    const last = guarantee === 'exactly-once' ? 'endTxn' : 'produce';
    fault = ({ api, clientId }) =>
      clientId === 'killed' && api === last ? { kind: 'delayResponse', ms: 60_000 } : undefined;
    await feed(run, many.slice(0, 10));
    await run.clock.advance(1_000);
    await run.clock.run(one.crash());
    fault = () => undefined;
    await run.clock.advance(5_000);
    const two = run.instance('shop', options);
    const progress = progressOf(two);
    await run.start(two);
    await run.drained('shop', ['words']);
    const read = progress.filter(({ done }) => done).reduce((sum, { total }) => sum + total, 0);
    // Ten rows, and for each of two tasks a commit record, a marker or a claim.
    expect(read).toBeLessThanOrEqual(10 + 2 * 3);
    await run.clock.run(two.stop());
    const wrong = [...(await counts(run))].filter(([key, value]) => value < (many.indexOf(key) < 10 ? 2 : 1));
    expect(wrong).toEqual([]);
  });
});
