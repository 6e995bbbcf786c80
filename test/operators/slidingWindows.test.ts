import { fc, test } from '@fast-check/vitest';
import { count, sliding, to, window } from 'millrace';
import { drive } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { feed, run } from './feed.ts';
import { numbers } from './sources.ts';

const at = (start: number, end: number, key = 'a') => ({ key, start, end });

describe('window(sliding())', () => {
  it('has a window that ends with each record, and one behind it when something follows', () => {
    const end = numbers.pipe(window(sliding(10)), count(), to('out'));
    const results = run(end, [
      ['a', 1, 100],
      ['a', 1, 105],
    ]);
    expect(results).toEqual([
      [at(90, 100), 1, 100],
      [at(101, 111), 1, 105],
      [at(95, 105), 2, 105],
    ]);
  });

  it('drops a record when even the last of its windows has closed', () => {
    const driver = drive([numbers.pipe(window(sliding(10, { grace: 5 })), count(), to('out'))]);
    feed(driver, 'in', [['a', 1, 120]]);
    expect(feed(driver, 'in', [['a', 1, 104]])).toEqual([]);
    expect(driver.drops).toMatchObject([{ reason: 'late' }]);
  });

  it('emits windows once when they have closed, by start and key', () => {
    const end = numbers.pipe(window(sliding(10), { emit: 'onClose' }), count(), to('out'));
    const results = run(end, [
      ['b', 1, 100],
      ['a', 1, 100],
      ['a', 1, 105],
      ['a', 1, 200],
    ]);
    expect(results).toEqual([
      [at(90, 100), 1, 100],
      [at(90, 100, 'b'), 1, 100],
      [at(95, 105), 2, 105],
      [at(101, 111), 1, 105],
    ]);
  });

  const records = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(9), fc.integer({ min: 10, max: 60 })), {
    maxLength: 25,
  });

  test.prop([records])('counts in each window exactly the records that lie in it', (given) => {
    const driver = drive([numbers.pipe(window(sliding(10, { grace: 1000 })), count('near'), to('out'))]);
    feed(driver, 'in', given);
    const found = driver.store('near') as readonly (readonly [ReturnType<typeof at>, { value: number }])[];
    for (const [{ key, start, end }, { value }] of found) {
      expect(value).toBe(given.filter(([k, , time]) => k === key && time >= start && time <= end).length);
    }
    // Every set of records that fits a window is the content of one: that which ends with its last record.
    for (const [key, , time] of given) {
      expect(found.some(([window]) => window.key === key && window.end === time)).toBe(true);
    }
  });
});
