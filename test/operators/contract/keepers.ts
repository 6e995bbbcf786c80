import {
  delay,
  emitOnCommit,
  int64,
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
];
