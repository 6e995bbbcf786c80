import type { Fn } from '../conformance/format.ts';
import type { Dice } from './dice.ts';
import type { Flow } from './sketch.ts';

/* Random functions of the format (section 4). */

export function predicate(dice: Dice): Fn {
  if (dice.chance(0.08)) return { fn: dice.pick('always', 'never', 'isNull') };
  return dice.pick<Fn>(
    { fn: 'lengthAtLeast', n: 2 },
    { fn: 'startsWith', prefix: dice.pick('x', 'v', 'w') },
    { fn: 'contains', text: dice.pick('1', '3', '5', '+') },
    { fn: 'atLeast', n: dice.pick(2, 3) },
    { fn: 'not', predicate: { fn: 'atLeast', n: dice.pick(2, 3) } },
    { fn: 'not', predicate: { fn: 'equals', value: dice.pick<string | number>('x', 1) } },
    { fn: 'not', predicate: { fn: 'startsWith', prefix: 'w' } },
    { fn: 'equals', of: 'key', value: dice.pick('a', 'b') },
    { fn: 'not', predicate: { fn: 'isNull', of: 'key' } },
  );
}

export function mapper(dice: Dice): Fn {
  return dice.pick<Fn>(
    { fn: 'identity' },
    { fn: 'identity', of: 'key' },
    { fn: 'upper' },
    { fn: 'lower' },
    { fn: 'firstChar' },
    { fn: 'append', suffix: '!' },
    { fn: 'prepend', prefix: 'w' },
    { fn: 'part', by: '+', index: dice.pick(0, 1) },
    { fn: 'length' },
    { fn: 'toLong' },
    { fn: 'plus', n: dice.pick(1, -1) },
    { fn: 'toString' },
    { fn: 'nullWhen', value: dice.pick<string | number>('x', 1) },
    { fn: 'keyValue', sep: ':' },
    { fn: 'windowedKey' },
    { fn: 'constant', value: dice.pick<string | number | null>('k', 1, null) },
    {
      fn: 'pipe',
      fns: [
        { fn: 'nullWhen', value: 'x' },
        { fn: 'append', suffix: '?' },
      ],
    },
  );
}

/** Always text or null, whatever the value: only text is written as a key. */
export function keyMapper(dice: Dice, { windows }: Flow): Fn {
  const keyText = windows === undefined ? [] : [{ fn: 'windowedKey' }, { fn: 'windowedKey' }];
  return dice.pick<Fn>(
    ...keyText,
    { fn: 'identity', of: 'key' },
    { fn: 'identity', of: 'key' },
    { fn: 'firstChar' },
    { fn: 'firstChar' },
    { fn: 'upper', of: 'key' },
    { fn: 'toString' },
    { fn: 'part', by: '+', index: dice.pick(0, 1) },
    { fn: 'pipe', fns: [{ fn: 'nullWhen', value: 'x' }, { fn: 'firstChar' }] },
    { fn: 'constant', value: dice.pick('a', 'all') },
    { fn: 'nullWhen', of: 'key', value: 'b' },
  );
}

export function multiMapper(dice: Dice): Fn {
  return dice.pick<Fn>(
    { fn: 'chars' },
    { fn: 'repeat', n: dice.pick(0, 2, 3) },
    { fn: 'split', by: dice.pick('1', '+', 'v') },
  );
}

/** Joins whose joiner sees the key may write it into the result. */
export function joiner(dice: Dice, { seesKey = false }: { seesKey?: boolean } = {}): Fn {
  const made: Fn = dice.weighted<Fn>([
    [6, { fn: 'concat', sep: dice.pick('+', '|') }],
    [seesKey ? 2 : 0, { fn: 'concatWithKey', sep: '/' }],
    [1, { fn: dice.pick('first', 'second') }],
    [1, { fn: dice.pick('min', 'max') }],
    [1, { fn: dice.pick('sum', 'subtract', 'increment', 'decrement') }],
  ]);
  return dice.chance(0.1) ? { ...made, nullWhen: dice.pick<string | number>('x', 'y', 1) } : made;
}

export function adder(dice: Dice): Fn {
  const made = dice.weighted<Fn>([
    [4, { fn: 'concat', sep: dice.pick('+', '-') }],
    [2, { fn: 'sum' }],
    [2, { fn: 'increment' }],
    [1, { fn: dice.pick('max', 'min') }],
    [1, { fn: dice.pick('second', 'first', 'decrement', 'subtract') }],
  ]);
  return dice.chance(0.12) ? { ...made, nullWhen: dice.pick<string | number>('x', 'y', 2) } : made;
}

const numeric = new Set(['sum', 'subtract', 'increment', 'decrement']);

export function init(dice: Dice, { fn }: Fn): string | number | null {
  return numeric.has(fn) ? dice.pick(0, 0, 10, null) : dice.pick('', '0', 'i', null);
}

/** Takes back what the adder put in, as far as such a thing can. */
export function subtractor(dice: Dice, { fn }: Fn): Fn {
  const back: Readonly<Record<string, string>> = { sum: 'subtract', increment: 'decrement' };
  const other = back[fn];
  if (other !== undefined) return { fn: other };
  const made: Fn = dice.chance(0.8) ? { fn: 'concat', sep: '~' } : { fn: dice.pick('first', 'second') };
  return dice.chance(0.1) ? { ...made, nullWhen: 'x' } : made;
}

export function merger(dice: Dice, { fn }: Fn): Fn {
  if (numeric.has(fn)) return { fn: 'sum' };
  const made: Fn = dice.chance(0.8)
    ? { fn: 'concat', sep: '&' }
    : { fn: dice.pick('max', 'first', 'second') };
  return dice.chance(0.06) ? { ...made, nullWhen: 'x' } : made;
}
