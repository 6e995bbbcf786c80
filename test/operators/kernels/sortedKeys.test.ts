import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { sortedKeys } from '../../../src/operators/kernels/sortedKeys.ts';

const key = (n: number): string => String(n).padStart(6, '0');

describe('sortedKeys', () => {
  const actions = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 99_999 }) },
      { weight: 1, arbitrary: fc.constantFrom('shift', 'pop') },
    ),
    { maxLength: 300 },
  );

  test.prop([actions])('gives the first and the last of what it was given', (all) => {
    const keys = sortedKeys();
    let model: string[] = [];
    for (const action of all) {
      if (typeof action === 'number') {
        if (model.includes(key(action))) continue;
        keys.add(key(action));
        model = [...model, key(action)].sort();
      } else if (model.length > 0) {
        keys[action]();
        model[action]();
      }
      expect([keys.size, keys.first(), keys.last()]).toEqual([model.length, model[0], model.at(-1)]);
    }
  });

  it.each([
    ['in order', (n: number) => n],
    ['backwards', (n: number) => 9_999 - n],
    ['in any order', (n: number) => (n * 7_919) % 10_000],
  ])('sorts more keys than it moves at once, %s', (_, place) => {
    const keys = sortedKeys();
    for (let n = 0; n < 10_000; n++) keys.add(key(place(n)));
    for (let n = 0; n < 5_000; n++) {
      expect(keys.first()).toBe(key(n));
      keys.shift();
      expect(keys.last()).toBe(key(9_999 - n));
      keys.pop();
    }
    expect([keys.size, keys.first(), keys.last()]).toEqual([0, undefined, undefined]);
  });

  it('takes keys again after it was emptied', () => {
    const keys = sortedKeys();
    keys.add('b');
    keys.shift();
    keys.add('a');
    keys.add('c');
    keys.pop();
    expect([keys.size, keys.first(), keys.last()]).toEqual([1, 'a', 'a']);
  });
});
