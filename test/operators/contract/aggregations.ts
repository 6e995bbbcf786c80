import {
  aggregate,
  cogroup,
  count,
  emitOnCommit,
  groupBy,
  keyBy,
  max,
  min,
  reduce,
  sum,
  to,
} from '../../../src/index.ts';
import { left, leftRows, minus, plus, right, type StatefulOperator } from './statefulOperator.ts';

const dropped = { left: ['null-key', 'null-value'] } as const;
const rows = (keys: number): number => keys;
/** Groups that are empty are gone, wherever they come from. */
const oneMore = (held: number, n: number): number => held + 1000 + n;
const oneLess = (held: number, n: number): number | null => (held - 1000 - n > 0 ? held - 1000 - n : null);
const whole = { late: Number.POSITIVE_INFINITY, final: 'rows', mostRows: rows } as const;

/** By key alone: what order records come in counts for nothing where the function does not care. */
export const aggregations: readonly StatefulOperator[] = [
  { name: 'count', shows: ['count'], sink: left.pipe(count(), to('out')), nulls: dropped, ...whole },
  { name: 'sum', shows: ['sum'], sink: left.pipe(sum((n) => n), to('out')), nulls: dropped, ...whole }, // biome-ignore format: one line
  { name: 'min', shows: ['min'], sink: left.pipe(min((n) => n), to('out')), nulls: dropped, ...whole }, // biome-ignore format: one line
  { name: 'max', shows: ['max'], sink: left.pipe(max((n) => n), to('out')), nulls: dropped, ...whole }, // biome-ignore format: one line
  { name: 'reduce', shows: ['reduce'], sink: left.pipe(reduce(plus), to('out')), nulls: dropped, ...whole },
  {
    name: 'reduce that gives rows up',
    shows: ['reduce'],
    sink: left.pipe(
      reduce((a, b) => (b === 0 ? null : a + b)),
      to('out'),
    ),
    nulls: dropped,
    mostRows: rows,
  },
  {
    name: 'aggregate in order',
    shows: ['aggregate'],
    sink: left.pipe(
      aggregate(
        () => '',
        (list, n) => `${list.slice(-8)}${n}`,
      ),
      to('out'),
    ),
    nulls: dropped,
    mostRows: rows,
  },
  {
    name: 'count behind a new key',
    shows: ['count'],
    sink: left.pipe(
      keyBy((n) => (n === null ? null : `${n % 3}`)),
      count(),
      to('out'),
    ),
    nulls: { left: ['taken in', 'null-key'] },
    late: Number.POSITIVE_INFINITY,
    final: 'rows',
    mostRows: () => 3,
  },
  {
    name: 'cogroup',
    shows: ['cogroup'],
    sink: left.pipe(
      cogroup(() => 0, plus, [[right, (total, n) => total + 10 * n]]),
      to('out'),
    ),
    nulls: { ...dropped, right: ['null-key', 'null-value'] },
    ...whole,
  },
  {
    name: 'aggregate of a grouped table',
    shows: ['aggregate'],
    sink: leftRows.pipe(
      groupBy((n) => `${n % 3}`),
      aggregate(() => 0, plus, minus),
      to('out'),
    ),
    nulls: { left: ['null-key', 'taken in'] },
    mostRows: (keys) => keys + 3,
  },
  {
    name: 'reduce of a grouped table',
    shows: ['reduce'],
    sink: leftRows.pipe(
      groupBy((n) => `${n % 3}`),
      reduce(plus, minus),
      to('out'),
    ),
    nulls: { left: ['null-key', 'taken in'] },
    mostRows: (keys) => keys + 3,
  },
  {
    name: 'groups of a count, once per commit',
    shows: ['count', 'emitOnCommit'],
    sink: left.pipe(
      count(),
      emitOnCommit(),
      groupBy((n) => `${n % 3}`),
      aggregate(() => 0, oneMore, oneLess, 'groups'),
      to('out'),
    ),
    nulls: dropped,
    perCommit: true,
    mostRows: (keys) => keys + 3,
  },
  ...['count', 'sum'].map((name): StatefulOperator => {
    const groups = leftRows.pipe(groupBy((n) => `${n % 3}`));
    const folded = name === 'count' ? groups.pipe(count()) : groups.pipe(sum((n) => n));
    return {
      name: `${name} of a grouped table`,
      shows: [name],
      sink: folded.pipe(to('out')),
      nulls: { left: ['null-key', 'taken in'] },
      mostRows: (keys) => keys + 3,
    };
  }),
];
