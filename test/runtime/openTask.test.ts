import { describe, expect, it } from 'vitest';
import { guardedJob } from '../kit/guardedJob.ts';
import { world } from './appKit.ts';

const { sinks, topics } = guardedJob();

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
});
