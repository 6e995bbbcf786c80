import { describe, expect, it } from 'vitest';
import { embeddedBroker, json, openClient, text } from '../../src/index.ts';
import { world } from './appKit.ts';

const codecs = { key: text, value: json<number>() };
const topics = [{ topic: 'numbers', partitions: 2 }];

describe('openClient', () => {
  it('deletes topics', async () => {
    const run = await world(topics);
    await run.clock.run(run.client.deleteTopics(['numbers']));
    await expect(run.clock.run(run.client.deleteTopics(['numbers']))).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
    });
    await expect(run.clock.run(run.client.send('numbers', codecs, []))).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
    });
  });

  it('reads what it has sent, on a broker that lives by the system clock', async () => {
    const broker = embeddedBroker({ storage: 'memory' });
    await using client = await openClient({ broker });
    await client.createTopics(topics);
    await client.send('numbers', codecs, [{ key: 'a', value: 1 }, { key: 'a', value: 2 }, { key: 'b' }]);
    const read: unknown[] = [];
    for await (const { key, value } of client.read('numbers', codecs, { until: 'end' }))
      read.push([key, value]);
    expect(read).toHaveLength(3);
    expect(read.filter((record) => (record as [string])[0] === 'a')).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
    broker.close();
  });
});
