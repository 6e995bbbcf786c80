import { describe, expect, test } from 'vitest';
import { int64 } from '../../../src/dsl/codecs/int64.ts';
import { nullable } from '../../../src/dsl/codecs/nullable.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { describeJson, description } from '../../../src/dsl/describe/json.ts';
import { stream } from '../../../src/dsl/stream.ts';
import { topology } from '../../../src/dsl/topology.ts';
import { example } from './example.ts';

describe('describeJson', () => {
  test('gives the description as text, the same each time', () => {
    expect(JSON.parse(describeJson(example()))).toEqual(description(example()));
    expect(describeJson(example())).toBe(describeJson(example()));
  });
});

describe('description', () => {
  const { subtopologies, globalTables, repartitions, version } = description(example());
  const steps = subtopologies.flatMap((piece) => piece.steps);
  const step = (name: string) => steps.find((one) => one.name === name);

  test('lists sub-topologies upstream first, with their stores', () => {
    expect(version).toBe(1);
    expect(subtopologies.map(({ name }) => name)).toEqual(['orders', 'per-user-repartition']);
    expect(subtopologies.map(({ copartitioned }) => copartitioned)).toEqual([[['orders', 'users']], []]);
    expect(subtopologies.map(({ stores }) => stores)).toEqual([
      [{ name: 'people', step: 'people', kind: 'keyValue', key: 'text', value: 'int64' }],
      [
        {
          name: 'per-user',
          step: 'per-user',
          kind: 'window',
          key: 'text',
          value: 'int64',
          retention: 630_000,
        },
      ],
    ]);
  });

  test('says of sources what they read, and how', () => {
    expect(step('orders')).toEqual({
      name: 'orders',
      kind: 'stream',
      shape: 'stream',
      inputs: [],
      topic: 'orders',
      reset: 'earliest',
      onError: { deadLetters: 'orders-dead' },
      key: 'text',
      value: 'int64',
      stores: [],
      reads: [],
    });
    expect(globalTables).toMatchObject([{ name: 'products', shape: 'globalTable', topic: 'products' }]);
  });

  test('says of sinks where they write, null for a topic chosen per record', () => {
    expect(step('per-user.toStream.to')).toMatchObject({ shape: 'sink', topic: 'counts' });
    expect(step('orders.join.join.to')).toMatchObject({ shape: 'sink', topic: null });
    expect(step('orders.join')).not.toHaveProperty('topic');
  });

  test('says what a step reads: messages, stores of tables', () => {
    expect(step('orders.join')).toMatchObject({
      inputs: ['orders', 'people'],
      reads: ['people'],
      stores: [],
    });
    expect(step('orders.join.join')).toMatchObject({ inputs: ['orders.join'], reads: ['products'] });
  });

  test('says of windows their lengths', () => {
    const window = { kind: 'hopping', size: 600_000, advance: 60_000, grace: 30_000, offset: 5000 };
    expect(step('orders.keyBy.window')).toMatchObject({ shape: 'windowed', window });
  });

  test('lists repartition topics', () => {
    expect(repartitions).toEqual([
      { topic: 'per-user-repartition', partitions: null, key: 'text', value: 'int64' },
    ]);
  });

  test('tells nullable codecs from others', () => {
    const clicks = topology([stream('clicks', { key: nullable(text), value: int64 })]);
    expect(description(clicks).subtopologies[0]?.steps[0]).toMatchObject({
      key: 'nullable(text)',
      value: 'int64',
    });
  });
});
