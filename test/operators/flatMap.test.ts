import { fc, test } from '@fast-check/vitest';
import { count, flatMap, keyBy, map, stream, text, to } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { failure } from '../dsl/failure.ts';
import { run } from './feed.ts';
import { numbers, texts } from './sources.ts';

describe('flatMap', () => {
  it('emits a record per value, in order, with the key, timestamp and headers of the record', () => {
    const driver = drive([
      texts.pipe(
        flatMap((value) => value?.split(' ') ?? []),
        to('out'),
      ),
    ]);
    const headers = [['h', Buffer.from('x')]] as const;
    driver.send('in', { key: 'a', value: 'to be', timestamp: 5, headers });
    driver.send('in', { key: 'a', value: null });
    expect(driver.read('out')).toEqual([
      { key: 'a', value: 'to', timestamp: 5, headers },
      { key: 'a', value: 'be', timestamp: 5, headers },
    ]);
  });

  it('counts words', () => {
    const lines = stream('in', { key: text, value: text });
    const end = lines.pipe(
      flatMap((line) => line.split(' ')),
      keyBy((word) => word),
      count(),
      to('out'),
    );
    expect(
      run(end, [
        ['1', 'to be or', 1],
        ['2', 'not to be', 2],
      ]),
    ).toEqual([
      ['to', 1, 1],
      ['be', 1, 1],
      ['or', 1, 1],
      ['not', 1, 2],
      ['to', 2, 2],
      ['be', 2, 2],
    ]);
  });

  it('takes any iterable, and guards a generator while it is iterated', () => {
    const end = numbers.pipe(
      flatMap(function* (n) {
        yield n;
        if (n > 1) throw new Error('too much');
        yield n + 1;
      }),
      to('out'),
    );
    const driver = drive([end]);
    driver.send('in', { key: 'a', value: 1 });
    expect(driver.read('out').map(({ value }) => value)).toEqual([1, 2]);
    const error = failure(() => driver.send('in', { key: 'a', value: 2 }));
    expect([error.code, error.details.step, (error.cause as Error).message]).toEqual([
      'STEP_FAILED',
      'in.flatMap',
      'too much',
    ]);
    // Nothing of a record that failed half way goes on.
    expect(driver.read('out')).toEqual([]);
  });

  it('fails a record for which nothing iterable comes', () => {
    const driver = drive([
      numbers.pipe(
        flatMap((n) => n as unknown as number[]),
        to('out'),
      ),
    ]);
    expect(failure(() => driver.send('in', { key: 'a', value: 1 })).code).toBe('STEP_FAILED');
  });
});

describe('laws', () => {
  test.prop([fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer()))])(
    'one value for one is map; none is nothing',
    (records) => {
      expect(
        run(
          numbers.pipe(
            flatMap((n) => [n + 1]),
            to('out'),
          ),
          records,
        ),
      ).toEqual(
        run(
          numbers.pipe(
            map((n) => n + 1),
            to('out'),
          ),
          records,
        ),
      );
      expect(
        run(
          numbers.pipe(
            flatMap(() => []),
            to('out'),
          ),
          records,
        ),
      ).toEqual([]);
    },
  );
});
