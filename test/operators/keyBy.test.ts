import { count, filter, int64, json, keyBy, map, stream, text, to, toTable } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { run } from './feed.ts';
import { numbers, texts } from './sources.ts';

const orders = stream('in', { key: text, value: json<{ user?: string; shop: number }>() });

describe('keyBy', () => {
  it('emits each record under its new key and keeps the rest', () => {
    const driver = drive([
      numbers.pipe(
        keyBy((n, { key }) => `${key}${n}`),
        to('out'),
      ),
    ]);
    const headers = [['h', null]] as const;
    driver.send('in', { key: 'a', value: 1, timestamp: 5, headers });
    expect(driver.read('out')).toEqual([{ key: 'a1', value: 1, timestamp: 5, headers }]);
  });

  it('writes keys that are not text with the codec it is given', () => {
    const end = orders.pipe(
      keyBy((order) => order.shop, int64),
      count(),
      to('out'),
    );
    expect(
      run(end, [
        ['x', { shop: 7 }],
        ['y', { shop: 7 }],
      ]),
    ).toEqual([
      [7, 1, 0],
      [7, 2, 0],
    ]);
  });

  it('takes null and undefined for no key', () => {
    const keys = orders.pipe(
      keyBy((order) => order.user),
      to('out'),
    );
    expect(
      run(keys, [
        ['x', { shop: 1 }],
        ['x', { shop: 1, user: 'u' }],
      ]),
    ).toEqual([
      [null, { shop: 1 }, 0],
      ['u', { shop: 1, user: 'u' }, 0],
    ]);
  });

  it('repartitions before the next step that needs the key, there only, dropping records without one', () => {
    const byValue = texts.pipe(
      keyBy((value) => value),
      filter(() => true),
    );
    expect(topology([byValue.pipe(to('out'))]).repartitions).toEqual([]);
    const counted = byValue.pipe(
      map((value) => value),
      count(),
      to('out'),
    );
    expect(topology([counted]).repartitions).toHaveLength(1);
    const driver = drive([counted]);
    driver.send('in', { key: 'a', value: null });
    driver.send('in', { key: 'a', value: 'k' });
    expect(driver.drops).toMatchObject([{ reason: 'null-key' }]);
    expect(driver.read('out')).toMatchObject([{ key: 'k', value: 1 }]);
  });

  it('lets steps behind one keyBy share the repartition topic', () => {
    const byValue = numbers.pipe(keyBy((n) => String(n)));
    const ends = [byValue.pipe(count('counts'), to('out')), byValue.pipe(toTable('rows'), to('rows'))];
    expect(topology(ends).repartitions).toHaveLength(1);
  });

  it('refuses what is not a function or not a codec', () => {
    expect(failure(() => keyBy('user' as never)).message).toContain('function of keyBy()');
    expect(failure(() => keyBy(() => 'k', json as never)).message).toContain('codec of keyBy()');
  });
});
