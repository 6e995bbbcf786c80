import { describe, expect, it } from 'vitest';
import { count, joinStream, json, stream, text, to, tumbling, window } from '../../../src/index.ts';
import { drive, driveCluster } from '../../../src/runtime/testing/index.ts';
import '../../../src/runtime/testing/vitest.ts';

interface Order {
  readonly item: string;
}
const orders = stream('orders', { key: text, value: json<Order>() });
const payments = stream('payments', { key: text, value: json<number>() });
const paid = orders.pipe(
  joinStream(payments, (order, amount) => `${order.item} for ${amount}`, { within: '10s', grace: '5s' }),
  to('paid', { value: text }),
);
const perMinute = orders.pipe(window(tumbling('1m')), count('perMinute'), to('counts'));

describe('toHaveEmitted', () => {
  it('makes the test of a windowed join short', () => {
    const driver = drive([paid]);
    driver.send('orders', { key: 'ada', value: { item: 'tea' }, timestamp: 1_000 });
    driver.send('payments', { key: 'ada', value: 5, timestamp: 11_000 });
    driver.send('payments', { key: 'ada', value: 7, timestamp: 11_001 }); // out of the window
    expect(driver).toHaveEmitted('paid', [{ key: 'ada', value: 'tea for 5', timestamp: 11_000 }]);
  });

  it('compares only the fields that are given, and every record since the last look', () => {
    const driver = drive([perMinute]);
    for (const timestamp of [0, 5, 60_000])
      driver.send('orders', { key: 'a', value: { item: 'x' }, timestamp });
    expect(driver).toHaveEmitted('counts', [
      { value: 1 },
      { value: 2 },
      { value: expect.any(Number), timestamp: 60_000 },
    ]);
    expect(driver).toHaveEmitted('counts', []);
    driver.send('orders', { key: 'a', value: { item: 'x' }, timestamp: 60_001 });
    expect(driver).not.toHaveEmitted('counts', []);
  });

  it('shows what is missing and what is too much', () => {
    const driver = drive([perMinute]);
    driver.send('orders', { key: 'a', value: { item: 'x' } });
    const compare = () => expect(driver).toHaveEmitted('counts', [{ value: 2 }]);
    expect(compare).toThrow(/what was written to counts: not as expected.*-.*2.*\+.*1/s);
  });

  it('keeps the order of each key of a cluster, where there is none between keys', async () => {
    await using cluster = await driveCluster([paid, perMinute], { partitions: 3, instances: 2 });
    const keys = ['a', 'b', 'c', 'a', 'b'];
    await cluster.send(
      'orders',
      keys.map((key) => ({ key, value: { item: key } })),
    );
    await cluster.settle();
    const of = (key: string, value: number) => ({ key: { key, start: 0, end: 60_000 }, value });
    await expect(cluster).toHaveEmitted('counts', [
      of('c', 1),
      of('a', 1),
      of('a', 2),
      of('b', 1),
      of('b', 2),
    ]);
    expect(cluster).toHaveRows('perMinute', [of('a', 2), of('b', 2), of('c', 1)]);
    await cluster.send('orders', { key: 'a', value: { item: 'a' } });
    await cluster.settle();
    const wrong = expect(cluster).toHaveEmitted('counts', [of('a', 4)]);
    await expect(wrong).rejects.toThrow('not as expected');
  });
});

describe('toHaveRows', () => {
  it('compares all rows of a store, whatever their order', () => {
    const driver = drive([perMinute]);
    for (const key of ['b', 'a', 'b']) driver.send('orders', { key, value: { item: 'x' }, timestamp: 9 });
    const of = (key: string) => ({ key, start: 0, end: 60_000 });
    expect(driver).toHaveRows('perMinute', [
      { key: of('a'), value: 1 },
      { key: of('b'), value: 2, timestamp: 9 },
    ]);
    expect(() => expect(driver).toHaveRows('perMinute', [{ key: of('a'), value: 1 }])).toThrow(
      'the rows of perMinute',
    );
  });
});

describe('toHaveDropped', () => {
  it('counts by reason', () => {
    const driver = drive([perMinute]);
    expect(driver).not.toHaveDropped('late');
    expect(driver).toHaveDropped('late', 0);
    for (const timestamp of [0, 200_000, 1, 2])
      driver.send('orders', { key: 'a', value: { item: 'x' }, timestamp });
    expect(driver).toHaveDropped('late');
    expect(driver).toHaveDropped('late', 2);
    expect(() => expect(driver).toHaveDropped('late', 3)).toThrow("records dropped as 'late'");
  });
});
