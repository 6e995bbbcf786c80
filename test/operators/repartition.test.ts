import {
  count,
  globalTable,
  int64,
  json,
  keyBy,
  leftJoinGlobal,
  map,
  process,
  repartition,
  stream,
  text,
  to,
} from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { gaps, numbers, rows } from './sources.ts';

describe('repartition', () => {
  it('emits records as they are, after a way through a topic', () => {
    const driver = drive([numbers.pipe(repartition(), to('out'))]);
    const headers = [['h', null]] as const;
    driver.send('in', { key: 'a', value: 1, timestamp: 5, headers });
    expect(driver.read('out')).toEqual([{ key: 'a', value: 1, timestamp: 5, headers }]);
  });

  it('drops records without a key, keeps those without a value', () => {
    const driver = drive([gaps.pipe(repartition(), to('out'))]);
    expect(
      feed(driver, 'in', [
        [null, 1],
        ['a', null],
      ]),
    ).toEqual([['a', null, 0]]);
    expect(driver.drops.map(({ reason }) => reason)).toEqual(['null-key']);
  });

  it('lets records without a key come to a left join that pads them', () => {
    const rows = globalTable('rows', { key: text, value: int64 });
    const end = gaps.pipe(
      repartition({ name: 'first' }),
      repartition({ name: 'second' }),
      map((n) => n),
      leftJoinGlobal(
        rows,
        (_n, { key }) => key,
        (n, row) => [n, row],
      ),
      to('out', { value: json() }),
    );
    const driver = drive([end]);
    expect(feed(driver, 'in', [[null, 1]])).toEqual([[null, [1, null], 0]]);
    expect(driver.drops).toEqual([]);
  });

  it('is one topic, with the name, partitions and codecs it is given', () => {
    const named = numbers.pipe(
      map((n) => [n]),
      repartition({ name: 'by-key', partitions: 7, value: json<number[]>() }),
      count(),
      to('out'),
    );
    const { repartitions, subtopologies } = topology([named]);
    expect(repartitions).toMatchObject([{ topic: 'by-key-repartition', partitions: 7 }]);
    expect(repartitions[0]!.value.name).toBe('json');
    expect(subtopologies).toHaveLength(2);
  });

  it('leaves names for the topics in front of and behind one step', () => {
    const end = numbers.pipe(
      keyBy((n) => n, int64),
      process(
        { name: 'step', stores: { rows: { key: int64, value: int64 } }, key: int64 },
        ({ emit }) =>
          () => {
            emit({});
          },
      ),
      count(),
      to('out'),
    );
    const topics = topology([end]).repartitions.map((repartition) => repartition.topic);
    expect(topics).toEqual(['step-repartition', 'step.out-repartition']);
  });

  it('takes the place of the topic that a changed key needs', () => {
    const end = numbers.pipe(
      keyBy((n) => n, int64),
      repartition(),
      count(),
      to('out'),
    );
    expect(topology([end]).repartitions).toHaveLength(1);
    expect(
      run(end, [
        ['a', 7],
        ['b', 7],
      ]),
    ).toEqual([
      [7, 1, 0],
      [7, 2, 0],
    ]);
  });

  it('chooses the partition by the function it is given', () => {
    const driver = drive([
      numbers.pipe(
        repartition({ partitioner: (n, { key }, partitions) => (key === 'a' ? n - partitions : 9) }),
        to('out'),
      ),
    ]);
    expect(feed(driver, 'in', [['a', 1]])).toEqual([['a', 1, 0]]);
    expect(failure(() => feed(driver, 'in', [['b', 1]])).code).toBe('INVALID_ARGUMENT');
  });

  it.each([0, -1, 1.5, '3', null])('refuses %o as a number of partitions', (partitions) => {
    expect(failure(() => repartition({ partitions: partitions as never })).code).toBe('INVALID_ARGUMENT');
  });

  it('refuses tables, bad names, codecs, functions and options that do not exist', () => {
    expect(failure(() => repartition()(rows as never)).code).toBe('MISPLACED_STEP');
    expect(failure(() => repartition({ name: '' })).code).toBe('INVALID_NAME');
    expect(failure(() => repartition({ value: 1 as never })).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => repartition({ partitioner: 1 as never })).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => numbers.pipe(repartition({ key: 1 as never }))).code).toBe('INVALID_ARGUMENT');
    expect(failure(() => repartition({ partition: 1 } as never)).message).toContain(
      "Did you mean 'partitions'?",
    );
  });

  it('needs no codec of its own behind a source', () => {
    const { node } = stream('in', { key: int64, value: int64 }).pipe(repartition());
    expect([node.key, node.value]).toEqual([int64, int64]);
  });
});
