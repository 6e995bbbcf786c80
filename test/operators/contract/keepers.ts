import {
  delay,
  emitOnCommit,
  int64,
  type Message,
  type ProcessContext,
  process,
  repartition,
  suppress,
  text,
  to,
  toStream,
  toTable,
} from '../../../src/index.ts';
import { left, leftRows, rightRows, type StatefulOperator } from './statefulOperator.ts';

const ofRow = { left: ['null-key', 'taken in'] } as const;
const rows = (keys: number): number => keys;
const stores = { seen: { key: text, value: int64 } };

const keyed = left.pipe(repartition({ name: 'keyed' }));

type Alarms = ProcessContext<
  typeof keyed,
  object,
  string,
  number | null,
  object,
  { readonly alarm: 'streamTime' | 'wallClock' }
>;

/** Each value moves the alarm of its key, or clears it. */
const alarms = ({ timers: { alarm }, emit }: Alarms) => {
  alarm.onDue((key, due) => {
    emit({ value: due });
    if (due % 3 === 0) alarm.set(key, due + 1);
  });
  return ({ key, value, timestamp }: Message<string, number | null>): void => {
    if (value === null) alarm.clear(key);
    else alarm.set(key, timestamp + 3 * value);
    emit({ value: alarm.get(key) ?? -1 });
  };
};

/** Steps that keep rows or hold records back. */
export const keepers: readonly StatefulOperator[] = [
  {
    name: 'toTable',
    shows: ['toTable'],
    sink: left.pipe(toTable(), to('out')),
    nulls: ofRow,
    mostRows: rows,
  },
  {
    name: 'toTable with versions',
    shows: ['toTable'],
    sink: left.pipe(toTable({ versioned: 20 }), to('out')),
    nulls: ofRow,
    mostRows: (keys) => 2 * keys + 1,
  },
  {
    name: 'table',
    shows: ['table'],
    sink: leftRows.pipe(toStream(), to('out')),
    nulls: ofRow,
    mostRows: rows,
  },
  {
    name: 'emitOnCommit',
    shows: ['emitOnCommit'],
    sink: leftRows.pipe(emitOnCommit(), to('out')),
    nulls: ofRow,
    perCommit: true,
    mostRows: rows,
  },
  {
    name: 'suppress for a time',
    shows: ['suppress'],
    sink: rightRows.pipe(suppress({ until: 15 }), to('out')),
    nulls: { right: ['null-key', 'taken in'] },
    mostRows: (keys) => 3 * keys + 1,
  },
  {
    name: 'suppress for a time, few rows and bytes',
    shows: ['suppress'],
    sink: rightRows.pipe(suppress({ until: 15, maxRecords: 2, maxBytes: 100 }), to('out')),
    nulls: { right: ['null-key', 'taken in'] },
    mostRows: (keys) => keys + 2 * 2 + 3,
  },
  {
    name: 'delay',
    shows: ['delay'],
    sink: left.pipe(delay(10), to('out')),
    nulls: { left: ['null-key', 'taken in'] },
    outside: true,
    mostRows: () => 0,
  },
  {
    name: 'process',
    shows: ['process'],
    sink: left.pipe(
      repartition({ name: 'keyed' }),
      process({ stores, name: 'counted' }, ({ stores: { seen }, emit, every }) => {
        every(25, 'streamTime', () => {
          for (const [key, value] of seen.entries()) {
            emit({ key, value });
            seen.delete(key);
          }
        });
        return ({ key, value }) => seen.put(key, (seen.get(key) ?? 0) + (value ?? 1));
      }),
      to('out'),
    ),
    nulls: { left: ['null-key', 'taken in'] },
    mostRows: rows,
  },
  {
    name: 'process with timers of stream time',
    shows: ['process'],
    sink: keyed.pipe(process({ timers: { alarm: 'streamTime' }, name: 'alarms' }, alarms), to('out')),
    nulls: ofRow,
    mostRows: (keys) => 2 * keys,
  },
  {
    name: 'process with timers of the wall clock',
    shows: ['process'],
    sink: keyed.pipe(process({ timers: { alarm: 'wallClock' }, name: 'alarms' }, alarms), to('out')),
    nulls: ofRow,
    outside: true,
    mostRows: (keys) => 2 * keys,
  },
  {
    name: 'process with rows by time',
    shows: ['process'],
    sink: keyed.pipe(
      process(
        { stores: { lately: { key: text, value: int64, retention: 20 } }, name: 'lately' },
        ({ stores: { lately }, emit }) =>
          ({ key, value, timestamp }) => {
            if (value === 0) lately.delete(key, timestamp);
            else lately.put(key, timestamp, value ?? 1);
            const near = [...lately.fetch(key, timestamp - 10, timestamp + 10)];
            const all = [...lately.between(0, timestamp)];
            emit({ value: near.reduce((sum, [time, row]) => sum + time + row, 100 * all.length) });
          },
      ),
      to('out'),
    ),
    nulls: ofRow,
    mostRows: rows,
  },
  {
    name: 'process with versions',
    shows: ['process'],
    sink: keyed.pipe(
      process(
        { stores: { past: { key: text, value: int64, versioned: 20 } }, name: 'past' },
        ({ stores: { past }, emit }) =>
          ({ key, value, timestamp }) => {
            const put = value === null ? past.delete(key) : past.put(key, value);
            const [then, since] = [past.get(key, timestamp - 5), past.timestamp(key)];
            emit({ value: (put ? 1000 : 0) + (then ?? 0) + (since ?? 0) });
          },
      ),
      to('out'),
    ),
    nulls: ofRow,
    mostRows: (keys) => 2 * keys + 1,
  },
  {
    name: 'process with ranges of rows',
    shows: ['process'],
    sink: keyed.pipe(
      process({ stores: { seen: { key: text, value: int64 } }, name: 'ranges' }, ({ stores, emit }) => {
        const { seen } = stores;
        return ({ key, value }) => {
          if (value === 0) seen.delete(key);
          else seen.put(key, value ?? 1);
          for (const [of, row] of seen.entries({ from: key, reverse: true })) emit({ key: of, value: row });
          for (const [of, row] of seen.entries({ prefix: key, to: undefined }))
            emit({ key: of, value: -row });
        };
      }),
      to('out'),
    ),
    nulls: ofRow,
    mostRows: rows,
  },
  {
    name: 'process with a table beside it',
    shows: ['process'],
    sink: keyed.pipe(
      process({ tables: { rightRows }, name: 'beside' }, ({ tables, emit }) => ({ key }) => {
        emit({ value: (tables.rightRows.get(key) ?? -1) + (tables.rightRows.timestamp(key) ?? 0) });
      }),
      to('out'),
    ),
    nulls: { left: ofRow.left, right: ['null-key', 'taken in'] },
    mostRows: rows,
  },
];
