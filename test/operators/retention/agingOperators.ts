import {
  count,
  delay,
  hopping,
  int64,
  joinStream,
  leftJoinStream,
  leftJoinTable,
  process,
  type Sink,
  session,
  sliding,
  suppress,
  table,
  text,
  to,
  tumbling,
  window,
} from '../../../src/index.ts';
import { left, leftRows, pair, right, type Topic } from '../contract/statefulOperator.ts';
import type { Input, Outcome } from '../contract/trial.ts';
import {
  alignedCounts,
  allRecords,
  allRows,
  asOf,
  lastRows,
  of,
  pairs,
  type Results,
  sessionCounts,
  slidingCounts,
} from './expected.ts';
import { day, hour, lateness, minute, mostIn } from './weeks.ts';

/** An operator whose rows go with time. */
export interface AgingOperator {
  readonly name: string;
  readonly topics: readonly Topic[];
  readonly sink: Sink;
  /** How many rows there are at most of what is kept `longer` ms longer than need be: 0 in stores, a day in changelogs. */
  readonly mostRows: (inputs: readonly Input[], longer: number) => number;
  /** What was written, and what should have been. */
  readonly results?: (
    outcome: Outcome,
    inputs: readonly Input[],
  ) => readonly [found: Results, expected: Results];
}

const grace = lateness;
const onlyLeft = { topics: ['left'] } as const;
const bothSides = { topics: ['left', 'right'] } as const;
/** Rows that tell the time of a step. */
const clocks = 2;
/** a, b, c, the one of today and of yesterday, and the one that comes seldom: of days before there are no rows left. */
const keysOf = (longer: number): number => 6 + Math.ceil(longer / day);
/** Of all six weeks. */
const allKeys = 4 + 42;
/** How far rows of times to come are away at most. */
const ahead: number = 3 * day;
const newest = (inputs: readonly Input[]): number => Math.max(...inputs.map(({ timestamp }) => timestamp));

/** As many starts of windows as there are in size and grace, for each key. */
const aligned =
  (retention: number, advance: number): AgingOperator['mostRows'] =>
  (_inputs, longer) =>
    keysOf(longer) * Math.ceil((retention + longer) / advance) + clocks;

const tumblingWindows = tumbling('1h', { grace });
const closed = (inputs: readonly Input[]): number => newest(inputs) - grace;
const difference = 30 * minute;
const gap = 30 * minute;
const within = 30 * minute;
/** Longer than the left side ever stands still: what waits there asks what rows were. */
const versions = table('right', { key: text, value: int64, versioned: '12h', name: 'versions' });

const windows: readonly AgingOperator[] = [
  {
    name: 'tumbling windows',
    ...onlyLeft,
    sink: left.pipe(window(tumblingWindows), count(), to('out')),
    mostRows: aligned(hour + grace, hour),
    results: ({ out }, inputs) => [lastRows(out), alignedCounts(inputs, hour, hour)],
  },
  {
    name: 'tumbling windows, kept for a day',
    ...onlyLeft,
    sink: left.pipe(window(tumblingWindows), count({ retention: '1d' }), to('out')),
    mostRows: aligned(day, hour),
    results: ({ out }, inputs) => [lastRows(out), alignedCounts(inputs, hour, hour)],
  },
  {
    name: 'tumbling windows as they close',
    ...onlyLeft,
    sink: left.pipe(window(tumblingWindows, { emit: 'onClose' }), count(), to('out')),
    mostRows: aligned(hour + grace, hour),
    results: ({ out }, inputs) => [allRows(out), alignedCounts(inputs, hour, hour, closed(inputs))],
  },
  {
    name: 'tumbling windows, held back until they close',
    ...onlyLeft,
    sink: left.pipe(window(tumblingWindows), count(), suppress({ until: 'windowCloses' }), to('out')),
    mostRows: (inputs, longer) =>
      aligned(hour + grace, hour)(inputs, longer) + 2 * aligned(hour + grace, hour)(inputs, 0),
    results: ({ out }, inputs) => [allRows(out), alignedCounts(inputs, hour, hour, closed(inputs))],
  },
  {
    name: 'hopping windows',
    ...onlyLeft,
    sink: left.pipe(window(hopping('1h', { advance: '15m', grace })), count(), to('out')),
    mostRows: aligned(hour + grace, 15 * minute),
    results: ({ out }, inputs) => [lastRows(out), alignedCounts(inputs, hour, 15 * minute)],
  },
  {
    name: 'sliding windows',
    ...onlyLeft,
    sink: left.pipe(window(sliding(difference, { grace })), count(), to('out')),
    // One that ends with each record and one that begins behind it.
    mostRows: (inputs, longer) => 2 * mostIn(inputs, 2 * difference + grace + longer) + clocks,
    results: ({ out }, inputs) => [lastRows(out), slidingCounts(inputs, difference)],
  },
  {
    name: 'session windows',
    ...onlyLeft,
    sink: left.pipe(window(session(gap, { grace })), count(), to('out')),
    mostRows: (inputs, longer) => mostIn(inputs, gap + grace + 1 + longer) + clocks,
    results: ({ out }, inputs) => [lastRows(out), sessionCounts(inputs, gap)],
  },
];

/** The records of both sides that lie in the window and the grace; those that wait for a partner are some of them. */
const ofBoth: AgingOperator['mostRows'] = (inputs, longer) =>
  mostIn(of(inputs, 'left'), 2 * within + grace + longer) +
  mostIn(of(inputs, 'right'), 2 * within + grace + longer) +
  clocks;

const others: readonly AgingOperator[] = [
  {
    name: 'joinStream',
    ...bothSides,
    sink: left.pipe(joinStream(right, pair, { within, grace }), to('out')),
    mostRows: ofBoth,
    results: ({ out }, inputs) => [allRecords(out), pairs(inputs, within)],
  },
  {
    name: 'leftJoinStream',
    ...bothSides,
    sink: left.pipe(leftJoinStream(right, pair, { within, grace }), to('out')),
    mostRows: (inputs, longer) => ofBoth(inputs, longer) + ofBoth(inputs, 0),
    results: ({ out }, inputs) => [
      allRecords(out),
      pairs(inputs, within, { until: newest(inputs) - within - grace }),
    ],
  },
  {
    name: 'leftJoinTable with versions and a grace',
    ...bothSides,
    sink: left.pipe(leftJoinTable(versions, pair, { grace }), to('out')),
    mostRows: (inputs, longer) =>
      allKeys +
      mostIn(of(inputs, 'right'), 12 * hour + longer) +
      mostIn(of(inputs, 'left'), grace) +
      2 * clocks,
    results: ({ out }, inputs) => [allRecords(out), asOf(inputs, newest(of(inputs, 'left')) - grace)],
  },
  {
    name: 'suppress for an hour',
    ...onlyLeft,
    sink: leftRows.pipe(suppress({ until: '1h' }), to('out')),
    mostRows: (inputs) => allKeys + 2 * mostIn(inputs, hour) + clocks,
  },
  {
    name: 'delay for half an hour',
    ...onlyLeft,
    sink: left.pipe(delay('30m'), to('out')),
    // They come every eight minutes of the wall clock.
    mostRows: () => 4,
    results: ({ out }, inputs) => [
      allRecords(out),
      allRecords(inputs.slice(0, -4).map((input) => ({ ...input, headers: [] }))),
    ],
  },
  {
    name: 'process with rows by time',
    ...onlyLeft,
    sink: left.pipe(
      process(
        { stores: { seen: { key: text, value: int64, retention: '2h' } }, name: 'recent' },
        ({ stores: { seen }, emit }) =>
          ({ key, value, timestamp }) => {
            seen.put(key!, timestamp, value!);
            emit({ value: [...seen.fetch(key!, timestamp - hour, timestamp)].length });
          },
      ),
      to('out'),
    ),
    mostRows: (inputs, longer) => mostIn(inputs, 2 * hour + longer),
  },
  {
    name: 'process with rows of times to come',
    ...onlyLeft,
    sink: left.pipe(
      process(
        { stores: { plans: { key: text, value: int64, retention: '5d' } }, name: 'planned' },
        ({ stores: { plans }, emit }) =>
          ({ key, value, timestamp }) => {
            plans.put(key!, key === 'seldom' ? timestamp + ahead : timestamp, value!);
            emit({ value: [...plans.fetch(key!, timestamp, timestamp + ahead)].length });
          },
      ),
      to('out'),
    ),
    mostRows: (inputs, longer) => mostIn(inputs, 5 * day + ahead + longer),
  },
];

export const agingOperators: readonly AgingOperator[] = [...windows, ...others];
