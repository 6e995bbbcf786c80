import { filter, int64, keyBy, map, nullable, stream, table, text, to, toStream } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { gaps, numbers, rows } from './sources.ts';

describe('to', () => {
  it('writes records as they are, without a key or a value too', () => {
    const driver = drive([gaps.pipe(to('out'))]);
    const headers = [['h', Buffer.from('x')]] as const;
    driver.send('in', { key: 'a', value: 1, timestamp: 5, headers });
    driver.send('in', { key: null, value: null, timestamp: 3 });
    expect(driver.read('out')).toEqual([
      { key: 'a', value: 1, timestamp: 5, headers },
      { key: null, value: null, timestamp: 3, headers: [] },
    ]);
  });

  it('writes the changes of a table: new rows, and deletions without a value', () => {
    expect(
      run(rows.pipe(to('out')), [
        ['a', 1, 1],
        ['a', 2, 2],
        ['a', null, 3],
      ]),
    ).toEqual([
      ['a', 1, 1],
      ['a', 2, 2],
      ['a', null, 3],
    ]);
    expect(
      run(rows.pipe(toStream(), to('out')), [
        ['a', 1, 1],
        ['a', null, 2],
      ]),
    ).toEqual([
      ['a', 1, 1],
      ['a', null, 2],
    ]);
  });

  it('lets a record choose its topic, by value and message', () => {
    const driver = drive([numbers.pipe(to((n, { key }) => `${key}-${n > 5 ? 'large' : 'small'}`))]);
    feed(driver, 'in', [
      ['a', 9],
      ['b', 1],
    ]);
    expect(driver.topics()).toEqual(['a-large', 'b-small']);
    expect(driver.read('a-large')).toMatchObject([{ key: 'a', value: 9 }]);
  });

  it('lets a row choose its topic, null being a deletion', () => {
    const driver = drive([rows.pipe(to((n) => (n === null ? 'gone' : 'here')))]);
    feed(driver, 'in', [
      ['a', 1],
      ['a', null],
    ]);
    expect([driver.read('here'), driver.read('gone')]).toMatchObject([[{ value: 1 }], [{ value: null }]]);
  });

  it('tells the compiler what is written where, and how', () => {
    const end = numbers.pipe(to('out', { key: text, value: int64, partition: () => 0 }));
    expect(end.node).toMatchObject({
      shape: 'sink',
      key: text,
      value: int64,
      operator: { kind: 'to', sink: { topic: 'out' } },
    });
    expect(topology([end]).subtopologies[0]?.steps.at(-1)?.topic).toBe('out');
  });

  it('writes with the codecs records came with, JSON behind a map, or those it is given', () => {
    const codecs = (end: { node: { key?: unknown; value?: unknown } }) => {
      const { key, value } = end.node as { key: { name: string }; value: { name: string } };
      return [key.name, value.name];
    };
    const source = stream('in', { key: nullable(int64), value: nullable(int64) });
    expect(
      codecs(
        source.pipe(
          filter(() => true),
          to('out'),
        ),
      ),
    ).toEqual(['int64', 'int64']);
    expect(
      codecs(
        source.pipe(
          map((n) => n),
          to('out'),
        ),
      ),
    ).toEqual(['int64', 'json']);
    expect(
      codecs(
        source.pipe(
          map((n) => n),
          to('out', { value: int64 }),
        ),
      ),
    ).toEqual(['int64', 'int64']);
    expect(
      codecs(
        source.pipe(
          keyBy(() => 'k'),
          to('out'),
        ),
      ),
    ).toEqual(['text', 'int64']);
    expect(codecs(table('t', { key: text, value: int64 }).pipe(to('out', { key: text })))).toEqual([
      'text',
      'int64',
    ]);
  });

  it('gives the function that chooses the partition the number of partitions, and refuses an answer beyond it', () => {
    const asked: unknown[] = [];
    const driver = drive([
      numbers.pipe(
        to('out', { partition: (n, { key }, partitions) => asked.push([n, key, partitions]) - 1 }),
      ),
    ]);
    expect(feed(driver, 'in', [['a', 7]])).toEqual([['a', 7, 0]]);
    expect(asked).toEqual([[7, 'a', 1]]);
    expect(failure(() => feed(driver, 'in', [['a', 8]])).code).toBe('INVALID_ARGUMENT');
  });

  it('fails the record whose topic or partition cannot be told, or which cannot be written', () => {
    const topicless = drive([numbers.pipe(to(() => JSON.parse('{')))]);
    expect(failure(() => feed(topicless, 'in', [['a', 1]])).code).toBe('STEP_FAILED');
    const placeless = drive([numbers.pipe(to('out', { partition: () => JSON.parse('{') }))]);
    expect(failure(() => feed(placeless, 'in', [['a', 1]])).details.step).toBe('in.to');
    const unwritable = drive([
      numbers.pipe(
        map((n) => n / 2),
        to('out', { value: int64 }),
      ),
    ]);
    expect(failure(() => feed(unwritable, 'in', [['a', 1]])).code).toBe('ENCODE_FAILED');
  });

  it('refuses names that are no topics, codecs that are none, and options that do not exist', () => {
    expect(failure(() => to('a b')).code).toBe('INVALID_NAME');
    expect(failure(() => to(undefined as never)).code).toBe('INVALID_NAME');
    expect(failure(() => to('out', { valeu: text } as never)).message).toContain("Did you mean 'value'?");
    expect(failure(() => to('out', { value: 7 } as never)).message).toContain('value of to()');
    expect(failure(() => numbers.pipe(to('out', { key: 7 as never }))).message).toContain('key of to()');
    expect(failure(() => to('out', { partition: 3 as never })).message).toContain('partition of to()');
  });
});
