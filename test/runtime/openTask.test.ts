import { describe, expect, it } from 'vitest';
import { process, stream, text, to } from '../../src/index.ts';
import { driveCluster } from '../../src/runtime/testing/index.ts';
import {
  brokenGuarantee,
  guardedJob,
  numberCodecs,
  numbersByKey,
  orderCodecs,
  ordersFrom,
} from '../kit/guardedJob.ts';
import { guarantees, world } from './appKit.ts';

const { sinks, topics, orders, numbers, items, crossing } = guardedJob();

describe('openTask', () => {
  it('fences whoever had the task before it reads how far they came', async () => {
    const calls: string[] = [];
    const faults = {
      on({ api }: { readonly api: string }) {
        if (api === 'initProducerId' || api === 'offsetFetch') calls.push(api);
        return undefined;
      },
    };
    const run = await world(topics, faults);
    const app = run.instance('guarded', { sinks, guarantee: 'exactly-once' });
    await run.start(app);
    await run.clock.run(app.stop());
    const fenced = calls.filter((api) => api === 'initProducerId').length;
    expect(fenced).toBeGreaterThan(1);
    // At each moment no more positions have been asked for than producers were fenced.
    let ahead = 0;
    for (const api of calls) {
      ahead += api === 'initProducerId' ? 1 : -1;
      expect(ahead, calls.join(' ')).toBeGreaterThanOrEqual(0);
    }
  });

  it.each(guarantees)(
    'goes on with the stream time of the last commit, also without state, %s',
    async (guarantee) => {
      const timed = stream('in', { key: text, value: text }).pipe(
        process({}, (context) => ({ value }) => {
          context.emit({ value: `${value} at ${context.streamTime}` });
        }),
        to('out'),
      );
      await using cluster = await driveCluster([timed], { guarantee, partitions: 1, instances: 1 });
      await cluster.send('in', { key: 'a', value: 'first', timestamp: 10 });
      await cluster.settle();
      await cluster.crash();
      await cluster.start();
      await cluster.send('in', { key: 'a', value: 'late', timestamp: 3 });
      await cluster.settle();
      expect((await cluster.read('out')).map(({ value }) => value)).toEqual(['first at 10', 'late at 10']);
    },
  );

  it.each(guarantees)(
    'gives up, and does not fail, where another has taken the task while it stood still: %s',
    async (guarantee) => {
      const slow = { until: 0 };
      const run = await world(topics, {
        on({ api, clientId }) {
          const isSlow = api === 'offsetFetch' && clientId === 'slow' && run.clock.monotonic() < slow.until;
          return isSlow ? { kind: 'pauseClient', ms: slow.until - run.clock.monotonic() } : undefined;
        },
      });
      const options = { sinks, guarantee, sessionTimeout: '2s', heartbeatInterval: '500ms' } as const;
      const slowly = run.instance('guarded', { ...options, clientId: 'slow', stateDir: 'memory' });
      const other = run.instance('guarded', { ...options, clientId: 'other', stateDir: 'memory' });
      await run.clock.run(run.client.send(orders, orderCodecs, ordersFrom(0, 100)));
      slow.until = run.clock.monotonic() + 6_000;
      const starting = run.clock.run(slowly.start());
      await run.clock.run(other.start());
      await run.clock.advance(3_000);
      await run.clock.run(run.client.send(orders, orderCodecs, ordersFrom(100, 200)));
      await run.clock.advance(8_000);
      await starting;
      await run.drained('guarded', crossing('guarded'));
      expect([slowly.state, other.state]).toEqual(['running', 'running']);
      await run.clock.run(Promise.all([slowly.stop(), other.stop()]));
      const found = [...(await run.read(numbers, numberCodecs)), ...(await run.read(items, numberCodecs))];
      expect(brokenGuarantee(guarantee, 200, numbersByKey(found))).toEqual([]);
    },
  );
});
