import { count, groupBy, int64, json, map, reduce, table, text, to } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/dsl/topology.ts';
import { failure } from '../dsl/failure.ts';
import { feed, run } from './feed.ts';
import { numbers, rows, words } from './sources.ts';

describe('groupBy', () => {
  it('counts rows by group, the old group losing what the new one gains', () => {
    const end = words.pipe(
      groupBy((word) => word[0]),
      count(),
      to('out'),
    );
    expect(
      run(end, [
        ['1', 'ant', 1],
        ['2', 'ape', 2],
        ['1', 'bee', 3],
        ['2', null, 4],
      ]),
    ).toEqual([
      ['a', 1, 1],
      ['a', 2, 2],
      ['a', 1, 3],
      ['b', 1, 3],
      ['a', 0, 4],
    ]);
  });

  it('sends rows through one repartition topic, before and after together', () => {
    const { repartitions } = topology([
      rows.pipe(
        groupBy((n) => n, { key: int64 }),
        count(),
        to('out'),
      ),
    ]);
    expect(repartitions).toHaveLength(1);
    expect([repartitions[0]!.key.name, repartitions[0]!.value.name]).toEqual(['int64', 'change(int64)']);
  });

  it('writes rows with the codec they came with, JSON behind a map, or the one it is given', () => {
    const codecOf = (input: { node: { value?: { name: string } | undefined } }) => input.node.value?.name;
    expect(codecOf(rows.pipe(groupBy((n) => String(n))))).toBe('change(int64)');
    expect(
      codecOf(
        rows.pipe(
          map((n) => [n]),
          groupBy(([n]) => String(n)),
        ),
      ),
    ).toBe('change(json)');
    expect(codecOf(rows.pipe(groupBy((n) => String(n), { value: json<number>() })))).toBe('change(json)');
  });

  it('leaves rows without a group out, and takes them out when they lose it', () => {
    const items = table('in', { key: text, value: json<{ group?: string | null }>() });
    const end = items.pipe(
      groupBy((item) => item.group),
      count(),
      to('out'),
    );
    expect(
      run(end, [
        ['1', {}],
        ['1', { group: null }],
        ['1', { group: 'x' }],
        ['1', {}],
        ['1', null],
      ]),
    ).toEqual([
      ['x', 1, 0],
      ['x', 0, 0],
    ]);
  });

  it('knows equal groups by what is written, not by identity', () => {
    const end = words.pipe(
      groupBy((word) => ({ first: word[0] }), { key: json<{ first: string | undefined }>() }),
      reduce(
        (a, b) => `${a}+${b}`,
        (a, b) => `${a}-${b}`,
      ),
      to('out'),
    );
    expect(
      run(end, [
        ['1', 'ant'],
        ['1', 'ape'],
      ]),
    ).toEqual([
      [{ first: 'a' }, 'ant', 0],
      [{ first: 'a' }, 'ant-ant+ape', 0],
    ]);
  });

  it('gives the function the key of the row, and of the old row too', () => {
    const end = words.pipe(
      groupBy((word, { key, value }) => `${key}${word}${value}`),
      count(),
      to('out'),
    );
    expect(
      run(end, [
        ['1', 'x', 5],
        ['1', 'y', 3],
      ]),
    ).toEqual([
      ['1xx', 1, 5],
      ['1xx', 0, 5],
      ['1yy', 1, 3],
    ]);
  });

  it('fails the record whose function throws, or whose group cannot be written', () => {
    const throwing = drive([
      words.pipe(
        groupBy(() => JSON.parse('{')),
        count(),
        to('out'),
      ),
    ]);
    expect(failure(() => feed(throwing, 'in', [['1', 'x']])).code).toBe('STEP_FAILED');
    const odd = drive([
      words.pipe(
        groupBy(() => 7 as never),
        count(),
        to('out'),
      ),
    ]);
    expect(failure(() => feed(odd, 'in', [['1', 'x']])).code).toBe('ENCODE_FAILED');
  });

  it('refuses streams, what is not a function, not a codec, and options that do not exist', () => {
    expect(failure(() => groupBy(() => 'x')(numbers as never)).code).toBe('MISPLACED_STEP');
    expect(failure(() => groupBy('city' as never)).message).toContain('function of groupBy()');
    expect(failure(() => groupBy(() => 'x', { key: 7 as never })).message).toContain('key of groupBy()');
    expect(failure(() => groupBy(() => 'x', { keys: text } as never)).message).toContain(
      "Did you mean 'key'?",
    );
  });
});
