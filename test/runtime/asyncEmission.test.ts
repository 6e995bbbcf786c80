import { mergeMap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { json, rxjs, stream, text, to } from '../../src/index.ts';
import { world } from './appKit.ts';

const codecs = { key: text, value: json<number>() };

describe('rxjs', () => {
  it('ends the application when it emits late, though no further record comes', async () => {
    const run = await world(['in', 'out'].map((topic) => ({ topic, partitions: 1 })));
    await run.clock.run(run.client.send('in', codecs, [{ key: 'k', value: 1, timestamp: 0 }]));
    const gate = Promise.withResolvers<void>();
    const late = stream('in', codecs).pipe(rxjs(mergeMap((message) => gate.promise.then(() => message))));
    const one = run.instance('late', { sinks: [late.pipe(to('out'))] });
    await run.start(one);
    const ended = one.closed.catch((error: unknown) => error);
    await run.drained('late', ['in']);
    gate.resolve();
    await run.clock.advance(100);
    expect(await run.clock.run(ended)).toMatchObject({
      code: 'ASYNC_EMISSION',
      details: { step: 'in.rxjs' },
    });
    expect(await run.read('out', codecs)).toEqual([]);
  });
});
