import { fc, test } from '@fast-check/vitest';
import { count, int64, json, keyBy, merge, nullable, stream, text, to } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { feed, taken } from './feed.ts';
import { numbers, rows } from './sources.ts';

const others = stream('in2', { key: text, value: int64 });
const thirds = stream('in3', { key: nullable(text), value: nullable(int64) });

describe('merge', () => {
  it('emits the records of all streams as they come, as they are', () => {
    const driver = drive([numbers.pipe(merge(others, thirds), to('out'))]);
    feed(driver, 'in', [['a', 1, 5]], 'none');
    feed(driver, 'in2', [['b', 2, 3]], 'none');
    expect(feed(driver, 'in3', [[null, null, 4]])).toEqual([
      ['a', 1, 5],
      ['b', 2, 3],
      [null, null, 4],
    ]);
  });

  it('emits a record twice where a stream is merged with itself', () => {
    const driver = drive([numbers.pipe(merge(numbers), to('out'))]);
    expect(feed(driver, 'in', [['a', 1]])).toEqual([
      ['a', 1, 0],
      ['a', 1, 0],
    ]);
  });

  it('keeps the codecs that all streams share, with nulls or without', () => {
    const { node } = numbers.pipe(merge(others, thirds));
    expect([node.key, node.value]).toEqual([text, int64]);
    const lists = stream('a', { key: text, value: json<string[]>() });
    expect(lists.pipe(merge(stream('b', { key: text, value: nullable(json<number>()) }))).node.value).toBe(
      json(),
    );
  });

  it('forgets the codec of values that streams write differently: they become JSON', () => {
    const driver = drive([numbers.pipe(merge(stream('words', { key: text, value: text })), to('out'))]);
    feed(driver, 'in', [['a', 1]], 'none');
    expect(feed(driver, 'words', [['a', 'x']])).toEqual([
      ['a', 1, 0],
      ['a', 'x', 0],
    ]);
    expect(numbers.pipe(merge(stream('words', { key: text, value: text }))).node.value).toBeUndefined();
  });

  it('has to be told how keys are written that streams write differently, unless it is given others', () => {
    const mixed = numbers.pipe(merge(stream('ids', { key: int64, value: int64 })));
    for (const step of [to('out'), count()]) {
      const error = failure(() => mixed.pipe(step as never));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain('keyBy(key, codec)');
    }
    const driver = drive([
      mixed.pipe(
        keyBy((n) => String(n)),
        count(),
        to('out'),
      ),
    ]);
    expect(feed(driver, 'ids', [[7, 1]])).toEqual([['1', 1, 0]]);
  });

  it('repartitions when one of the streams has a new key', () => {
    const driver = drive([numbers.pipe(merge(others.pipe(keyBy((n) => String(n)))), count(), to('out'))]);
    feed(driver, 'in', [['7', 1]], 'none');
    expect(feed(driver, 'in2', [['x', 7]])).toEqual([
      ['7', 1, 0],
      ['7', 2, 0],
    ]);
  });

  it('refuses no streams, and what is not a stream', () => {
    expect(failure(() => merge()).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => merge(rows as never)).code).toBe('MISPLACED_STEP');
    expect(failure(() => merge('in' as never)).code).toBe('INVALID_ARGUMENT');
  });
});

describe('laws', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('in', 'in2'), fc.integer()));
  test.prop([steps])('loses and adds nothing, and keeps the order of arrival', (records) => {
    const driver = drive([numbers.pipe(merge(others), to('out'))]);
    for (const [topic, value] of records) driver.send(topic, { key: topic, value });
    expect(taken(driver)).toEqual(records.map(([topic, value]) => [topic, value, 0]));
  });
});
