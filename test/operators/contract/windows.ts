import {
  aggregate,
  cogroup,
  count,
  hopping,
  type InSessions,
  max,
  min,
  reduce,
  session,
  sliding,
  sum,
  suppress,
  type Table,
  to,
  tumbling,
  type Windowed,
  type WindowKey,
  window,
} from '../../../src/index.ts';
import { left, plus, right, type StatefulOperator } from './statefulOperator.ts';

const size = 20;
const grace = 10;

type Cut = Windowed<string, number | null>;
type Folded = Table<WindowKey<string>, number>;
type Fold<W extends Cut> = readonly [name: string, fold: (windowed: W) => Folded];

/** Sessions have one more thing to be told. */
const common: readonly Fold<Cut>[] = [
  ['count', (windowed) => windowed.pipe(count())],
  ['sum', (windowed) => windowed.pipe(sum((n) => n ?? 0))],
  ['min', (windowed) => windowed.pipe(min((n) => n ?? 0))],
  ['max', (windowed) => windowed.pipe(max((n) => n ?? 0))],
  [
    'reduce',
    (windowed) => windowed.pipe(reduce((a: number | null, b: number | null) => (a ?? 0) + (b ?? 0))),
  ],
];
const ofWindows: readonly Fold<Cut>[] = [
  ...common,
  ['aggregate', (windowed) => windowed.pipe(aggregate(() => 0, plus))],
];
const ofSessions: readonly Fold<Cut & InSessions>[] = [
  ...common,
  ['aggregate', (windowed) => windowed.pipe(aggregate(() => 0, plus, plus))],
];
const cogrouped: Fold<Cut> = [
  'cogroup',
  (windowed) => windowed.pipe(cogroup(() => 0, plus, [[right, plus]])),
];
const cogroupedSessions: Fold<Cut & InSessions> = [
  'cogroup',
  (windowed) => windowed.pipe(cogroup(() => 0, plus, [[right, plus]], plus)),
];

interface Kind<W extends Cut> {
  readonly kind: string;
  readonly cut: (emit: 'onUpdate' | 'onClose') => W;
  readonly folds: readonly Fold<W>[];
  readonly cogroup: Fold<W>;
  readonly nullValue: 'taken in' | 'null-value';
  /** Rows of a key whose records are a moment or two apart. */
  readonly rows: number;
}

const kinds: readonly Kind<Cut>[] = [
  {
    kind: 'tumbling',
    cut: (emit) => left.pipe(window(tumbling(size, { grace }), { emit })),
    folds: ofWindows,
    cogroup: cogrouped,
    nullValue: 'taken in',
    rows: 2,
  },
  {
    kind: 'hopping',
    cut: (emit) => left.pipe(window(hopping(size, { advance: 5, grace }), { emit })),
    folds: ofWindows,
    cogroup: cogrouped,
    nullValue: 'taken in',
    rows: size / 5 + 2,
  },
  {
    kind: 'sliding',
    cut: (emit) => left.pipe(window(sliding(size, { grace }), { emit })),
    folds: ofWindows,
    cogroup: cogrouped,
    nullValue: 'null-value',
    rows: 4, // one that ends with each of two records, one that begins behind the first
  },
];
const sessions: Kind<Cut & InSessions> = {
  kind: 'session',
  cut: (emit) => left.pipe(window(session(size, { grace }), { emit })),
  folds: ofSessions,
  cogroup: cogroupedSessions,
  nullValue: 'taken in',
  rows: 1,
};

function ofKind<W extends Cut>({ kind, cut, folds, ...of }: Kind<W>): readonly StatefulOperator[] {
  const nulls = { left: ['null-key', of.nullValue] } as const;
  const clocks = 2;
  const one = { late: grace, mostRows: (keys: number) => keys * of.rows + clocks } as const;
  const count = folds[0]![1];
  const [, together] = of.cogroup;
  return [
    ...folds.map(
      ([name, fold]): StatefulOperator => ({
        name: `${name} in ${kind} windows`,
        shows: [name, 'window', kind],
        sink: fold(cut('onUpdate')).pipe(to('out')),
        nulls,
        ...one,
        ...(name === 'reduce' ? ofReduce(kind) : { final: 'rows' }),
      }),
    ),
    {
      name: `cogroup in ${kind} windows`,
      shows: ['cogroup', kind],
      sink: together(cut('onUpdate')).pipe(to('out')),
      nulls: { ...nulls, right: nulls.left },
      final: 'rows',
      ...one,
    },
    {
      name: `count in ${kind} windows as they close`,
      shows: ['window', kind],
      sink: count(cut('onClose')).pipe(to('out')),
      nulls,
      final: 'records',
      ...one,
    },
    {
      name: `count in ${kind} windows, held back until they close`,
      shows: ['suppress', kind],
      sink: count(cut('onUpdate')).pipe(suppress({ until: 'windowCloses' }), to('out')),
      nulls,
      final: 'records',
      ...one,
      // Beside the windows what is held back of them, twice: by key and in order.
      mostRows: (keys) => 3 * keys * of.rows + 2 * clocks,
    },
  ];
}

/** A null that comes first makes no row: it leaves no time behind, and brings no sessions together. */
function ofReduce(kind: string): Pick<StatefulOperator, 'late' | 'final'> {
  return kind === 'session' ? { late: 0 } : { final: 'values' };
}

export const windows: readonly StatefulOperator[] = [...kinds.flatMap(ofKind), ...ofKind(sessions)];
