import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type App, type AppState, type MillraceError, peek, stream, text, to } from '../../src/index.ts';
import type { Call, Fault } from '../../src/runtime/transport/embedded/faults.ts';
import {
  brokenGuarantee,
  guardedJob,
  numberCodecs,
  numbersByKey,
  orderCodecs,
  ordersFrom,
} from '../kit/guardedJob.ts';
import { guarantees, type World, world } from './appKit.ts';

const { sinks, topics, orders, numbers, items, crossing } = guardedJob();
const id = 'guarded';

const feed = (run: World, from: number, to: number) =>
  run.clock.run(run.client.send(orders, orderCodecs, ordersFrom(from, to)));

async function outputs(run: World): Promise<Map<string, number[]>> {
  return numbersByKey([...(await run.read(numbers, numberCodecs)), ...(await run.read(items, numberCodecs))]);
}

function statesOf(one: App): AppState[] {
  const states: AppState[] = [];
  one.states.subscribe((state) => states.push(state));
  return states;
}

function warningsOf(one: App): MillraceError[] {
  const warnings: MillraceError[] = [];
  one.warnings.subscribe((warning) => warnings.push(warning));
  return warnings;
}

/** Faults that a test turns on and off. */
class Switched {
  fault: (call: Call) => Fault | undefined = () => undefined;
  on(call: Call): Fault | undefined {
    return this.fault(call);
  }
}

describe('Worker', () => {
  it.each(['produce', 'endTxn'] as const)(
    'lets the group wait no longer than revokeTimeout for a task whose %s hangs, and names it',
    async (api) => {
      const faults = new Switched();
      const run = await world(topics, faults);
      const options = { sinks, revokeTimeout: '2s', heartbeatInterval: '200ms', stateDir: 'memory' } as const;
      const one = run.instance(id, { ...options, clientId: 'one' });
      const two = run.instance(id, { ...options, clientId: 'two' });
      const warnings = [warningsOf(one), warningsOf(two)];
      await run.start(one);
      const stuck = `${id}-orders_1`;
      faults.fault = (call) =>
        call.clientId === 'one' && call.api === api && call.transactionalId === stuck
          ? { kind: 'delayResponse', ms: 20_000 }
          : undefined;
      await feed(run, 0, 300);
      await run.clock.advance(500);
      const begun = run.clock.monotonic();
      await run.start(two);
      const took = run.clock.monotonic() - begun;
      expect(took).toBeGreaterThan(1_500);
      expect(took).toBeLessThan(3_000);
      expect(warnings[0]).toMatchObject([{ code: 'REVOKE_TIMEOUT' }]);
      expect(warnings[0]![0]!.message).toContain('orders_1');
      expect(warnings[1]).toEqual([]);
      faults.fault = () => undefined;
      await feed(run, 300, 600);
      await run.drained(id, crossing(id));
      await run.clock.advance(20_000); // the answer that one of the producers still waits for
      await run.clock.run(Promise.all([one.stop(), two.stop()]));
      expect(brokenGuarantee('exactly-once', 600, await outputs(run))).toEqual([]);
    },
  );

  it.each(guarantees)('has committed everything, %s, before its tasks move', async (guarantee) => {
    const run = await world(topics);
    const options = { sinks, guarantee, commitInterval: '9s', heartbeatInterval: '200ms' } as const;
    const one = run.instance(id, options);
    const two = run.instance(id, options);
    await run.start(one);
    await feed(run, 0, 300);
    await run.clock.advance(300);
    await run.start(two);
    await feed(run, 300, 400);
    await run.drained(id, crossing(id));
    await run.clock.run(Promise.all([one.stop(), two.stop()]));
    expect(brokenGuarantee('exactly-once', 400, await outputs(run))).toEqual([]);
  });

  it('keeps its place while a restore takes longer than its session', async () => {
    const faults = new Switched();
    const run = await world(topics, faults);
    const options = { sinks, sessionTimeout: '2s', heartbeatInterval: '500ms', stateDir: 'memory' } as const;
    const before = run.instance(id, options);
    await run.start(before);
    await feed(run, 0, 300);
    await run.drained(id, crossing(id));
    await run.clock.run(before.stop());
    const slowUntil = run.clock.monotonic() + 5_000;
    faults.fault = ({ api, clientId }) =>
      api === 'fetch' && clientId === 'slow' && run.clock.monotonic() < slowUntil
        ? { kind: 'delayResponse', ms: 3_000 }
        : undefined;
    const slow = run.instance(id, { ...options, clientId: 'slow' });
    const states = statesOf(slow);
    const begun = run.clock.monotonic();
    await run.start(slow);
    expect(run.clock.monotonic() - begun).toBeGreaterThan(4_900);
    await feed(run, 300, 400);
    await run.drained(id, crossing(id));
    expect(states).toEqual(['created', 'connecting', 'rebalancing', 'restoring', 'running']);
    await run.clock.run(slow.stop());
    expect(brokenGuarantee('exactly-once', 400, await outputs(run))).toEqual([]);
  });

  it('goes on as a member when it stood still beyond its session and its input was purged meanwhile', async () => {
    const faults = new Switched();
    const run = await world(topics, faults);
    const options = { sinks, heartbeatInterval: '500ms' } as const;
    const one = run.instance(id, { ...options, clientId: 'one', stateDir: join(run.stateDir, 'one') });
    const two = run.instance(id, { ...options, clientId: 'two', stateDir: join(run.stateDir, 'two') });
    await run.start(one);
    await run.start(two);
    await run.clock.advance(1_000);
    await feed(run, 0, 100);
    await run.drained(id, crossing(id));
    // As a process that is stopped and goes on, with the answers to its fetches before the one to its heartbeat.
    let heard = false;
    faults.fault = ({ api, clientId }) => {
      if (clientId !== 'one' || heard) return undefined;
      return api === 'fetch' ? { kind: 'delayResponse', ms: 60_000 } : { kind: 'loseRequest' };
    };
    await feed(run, 100, 400);
    await run.clock.advance(60_000);
    faults.fault = ({ api, clientId }) =>
      clientId === 'one' && api !== 'fetch' && !heard ? { kind: 'loseRequest' } : undefined;
    await run.clock.advance(5_000);
    heard = true;
    await feed(run, 400, 500);
    await run.drained(id, crossing(id));
    await run.clock.advance(60_000);
    expect([one.state, two.state]).toEqual(['running', 'running']);
    await run.clock.run(Promise.all([one.stop(), two.stop()]));
    expect(brokenGuarantee('exactly-once', 500, await outputs(run))).toEqual([]);
  });

  it('ends when records are deleted that nobody has processed', async () => {
    const faults = new Switched();
    const run = await world(topics, faults);
    const one = run.instance(id, { sinks, clientId: 'one' });
    await run.start(one);
    await feed(run, 0, 100);
    await run.drained(id, crossing(id));
    faults.fault = ({ api, clientId }) =>
      api === 'fetch' && clientId === 'one' ? { kind: 'delayResponse', ms: 60_000 } : undefined;
    await run.clock.advance(500); // the poll under way has ended
    await feed(run, 100, 200);
    const partitions = [0, 1, 2].map((partition) => ({ topic: orders, partition }));
    const ends = await run.clock.run(run.transport.admin.endOffsets(partitions, 'committed'));
    const all = partitions.map((partition, index) => ({ ...partition, before: ends[index]! }));
    await run.clock.run(run.transport.admin.deleteRecords(all));
    faults.fault = () => undefined;
    const closed = one.closed.catch((error: unknown) => error);
    expect(await run.clock.run(closed)).toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      details: { topic: orders },
    });
  });

  it('is back in its place after a restart under its instanceId, and disturbs nobody', async () => {
    const run = await world(topics);
    const options = { sinks, heartbeatInterval: '200ms' } as const;
    const one = run.instance(id, { ...options, instanceId: 'one' });
    const two = run.instance(id, { ...options, instanceId: 'two' });
    await run.start(one);
    await run.start(two);
    await run.clock.advance(1_000);
    const [undisturbed, seen] = [statesOf(one), statesOf(one).length];
    await feed(run, 0, 200);
    await run.clock.run(two.stop());
    const again = run.instance(id, { ...options, instanceId: 'two' });
    await run.start(again);
    await feed(run, 200, 400);
    await run.drained(id, crossing(id));
    await run.clock.advance(10_000);
    expect(undisturbed).toHaveLength(seen);
    await run.clock.run(Promise.all([one.stop(), again.stop()]));
    expect(brokenGuarantee('exactly-once', 400, await outputs(run))).toEqual([]);
  });

  it('is given the tasks of its new topology when it is back in its place with another', async () => {
    const run = await world(topics);
    const before = run.instance(id, { sinks: sinks.slice(0, 1), instanceId: 'one' });
    await run.start(before);
    await run.clock.run(before.stop());
    const again = run.instance(id, { sinks, instanceId: 'one' });
    await run.start(again);
    await feed(run, 0, 100);
    await run.drained(id, crossing(id));
    await run.clock.run(again.stop());
    expect(brokenGuarantee('exactly-once', 100, await outputs(run))).toEqual([]);
  });

  it('ends when a newer process has its instanceId, which goes on', async () => {
    const run = await world(topics);
    const options = { sinks, heartbeatInterval: '200ms', instanceId: 'same', stateDir: 'memory' } as const;
    const older = run.instance(id, options);
    await run.start(older);
    await feed(run, 0, 200);
    const closed = older.closed.catch((error: unknown) => error);
    const newer = run.instance(id, options);
    await run.start(newer);
    expect(await run.clock.run(closed)).toMatchObject({ code: 'INSTANCE_FENCED' });
    expect(older.state).toBe('failed');
    await feed(run, 200, 400);
    await run.drained(id, crossing(id));
    await run.clock.run(newer.stop());
    expect(brokenGuarantee('exactly-once', 400, await outputs(run))).toEqual([]);
  });

  it.each(guarantees)(
    'processes no more (%s) while all tasks together have written more than maxPendingBytes that is not acknowledged',
    async (guarantee) => {
      const faults = new Switched();
      const run = await world(
        [
          { topic: 'in', partitions: 2 },
          { topic: 'out', partitions: 2 },
        ],
        faults,
      );
      let processed = 0;
      const codecs = { key: text, value: text };
      const copied = stream('in', codecs).pipe(
        peek(() => {
          processed++;
        }),
        to('out', codecs),
      );
      const options = { guarantee, maxPendingBytes: 20_000, transactionTimeout: '90s' } as const;
      const one = run.instance('copy', { sinks: [copied], ...options, clientId: 'one' });
      await run.start(one);
      faults.fault = ({ clientId, api }) =>
        clientId === 'one' && api === 'produce' ? { kind: 'delayRequest', ms: 20_000 } : undefined;
      const records = Array.from({ length: 1000 }, (_, index) => ({
        key: `${index}`,
        value: 'x'.repeat(1000),
      }));
      await run.clock.run(run.client.send('in', codecs, records));
      await run.clock.advance(10_000);
      // It looks every 64 records.
      expect(processed).toBeGreaterThanOrEqual(20);
      expect(processed).toBeLessThan(20 + 2 * 64);
      faults.fault = () => undefined;
      await run.drained('copy', ['in']);
      expect(processed).toBe(1000);
      expect(await run.read('out', codecs)).toHaveLength(1000);
      await run.clock.run(one.stop());
    },
  );
});
