import {
  globalTable,
  int64,
  joinForeignKey,
  joinGlobal,
  joinStream,
  joinTable,
  leftJoinForeignKey,
  leftJoinGlobal,
  leftJoinStream,
  leftJoinTable,
  outerJoinStream,
  outerJoinTable,
  table,
  text,
  to,
} from '../../../src/index.ts';
import { left, leftRows, pair, right, rightRows, type StatefulOperator } from './statefulOperator.ts';

const within = 20;
const grace = 10;
const near = { within, grace } as const;
const inner = ['null-key', 'null-value'] as const;
const padded = ['taken in', 'null-value'] as const;
const ofRow = ['null-key', 'taken in'] as const;
const versions = table('right', { key: text, value: int64, versioned: '1m', name: 'versions' });
const everywhere = globalTable('right', { key: text, value: int64 });

/** Of streams: rows of both sides by time, those that still may find a partner, and a clock. */
const sides = (keys: number): number => 3 * keys + 1;
const ofStreams = { late: grace, final: 'records', mostRows: sides } as const;

const streams: readonly StatefulOperator[] = [
  {
    name: 'joinStream',
    shows: ['joinStream'],
    sink: left.pipe(joinStream(right, pair, near), to('out')),
    nulls: { left: inner, right: inner },
    ...ofStreams,
  },
  {
    name: 'joinStream with what came before',
    shows: ['joinStream'],
    sink: left.pipe(joinStream(right, pair, { before: within, after: '0s', grace }), to('out')),
    nulls: { left: inner, right: inner },
    ...ofStreams,
  },
  {
    name: 'leftJoinStream',
    shows: ['leftJoinStream'],
    sink: left.pipe(leftJoinStream(right, pair, near), to('out')),
    nulls: { left: padded, right: inner },
    ...ofStreams,
  },
  {
    name: 'outerJoinStream',
    shows: ['outerJoinStream'],
    sink: left.pipe(outerJoinStream(right, pair, near), to('out')),
    nulls: { left: padded, right: padded },
    ...ofStreams,
  },
];

const tableOnly = (keys: number): number => keys;
/** Newest rows, what they were, and the clock of versions; with a grace records that wait, and a clock and a number. */
const versioned = (keys: number): number => 2 * keys + 1;
const waiting = (keys: number): number => 3 * keys + 3;

const streamsWithTables: readonly StatefulOperator[] = [
  {
    name: 'joinTable',
    shows: ['joinTable'],
    sink: left.pipe(joinTable(rightRows, pair), to('out')),
    nulls: { left: inner, right: ofRow },
    mostRows: tableOnly,
  },
  {
    name: 'leftJoinTable',
    shows: ['leftJoinTable'],
    sink: left.pipe(leftJoinTable(rightRows, pair), to('out')),
    nulls: { left: padded, right: ofRow },
    mostRows: tableOnly,
  },
  {
    name: 'joinTable with versions',
    shows: ['joinTable'],
    sink: left.pipe(joinTable(versions, pair), to('out')),
    nulls: { left: inner, right: ofRow },
    mostRows: versioned,
  },
  {
    name: 'joinTable with a grace',
    shows: ['joinTable'],
    sink: left.pipe(joinTable(versions, pair, { grace }), to('out')),
    nulls: { left: inner, right: ofRow },
    late: grace,
    final: 'records',
    mostRows: waiting,
  },
  {
    name: 'leftJoinTable with a grace',
    shows: ['leftJoinTable'],
    sink: left.pipe(leftJoinTable(versions, pair, { grace }), to('out')),
    nulls: { left: padded, right: ofRow },
    late: grace,
    final: 'records',
    mostRows: waiting,
  },
  {
    name: 'joinGlobal',
    shows: ['joinGlobal', 'globalTable'],
    sink: left.pipe(joinGlobal(everywhere, (_, { key }) => key, pair), to('out')), // biome-ignore format: one line
    nulls: { left: inner, right: ofRow },
    outside: true,
    mostRows: () => 0,
  },
  {
    name: 'leftJoinGlobal',
    shows: ['leftJoinGlobal'],
    sink: left.pipe(leftJoinGlobal(everywhere, (_, { key }) => key, pair), to('out')), // biome-ignore format: one line
    nulls: { left: padded, right: ofRow },
    outside: true,
    mostRows: () => 0,
  },
];

const rows = { left: ofRow, right: ofRow } as const;
const both = (keys: number): number => 2 * keys;
/** The rows of both tables, who asked for which, and the results. */
const subscribed = (keys: number): number => 4 * keys;
const keyOf = (n: number): string => 'abc'.charAt(n % 4);

const tables: readonly StatefulOperator[] = [
  {
    name: 'joinTable of a table',
    shows: ['joinTable'],
    sink: leftRows.pipe(joinTable(rightRows, pair), to('out')),
    nulls: rows,
    mostRows: both,
  },
  {
    name: 'leftJoinTable of a table',
    shows: ['leftJoinTable'],
    sink: leftRows.pipe(leftJoinTable(rightRows, pair), to('out')),
    nulls: rows,
    mostRows: both,
  },
  {
    name: 'outerJoinTable',
    shows: ['outerJoinTable'],
    sink: leftRows.pipe(outerJoinTable(rightRows, pair), to('out')),
    nulls: rows,
    mostRows: both,
  },
  {
    name: 'joinForeignKey',
    shows: ['joinForeignKey'],
    sink: leftRows.pipe(joinForeignKey(rightRows, keyOf, pair), to('out')),
    nulls: rows,
    mostRows: subscribed,
  },
  {
    name: 'leftJoinForeignKey',
    shows: ['leftJoinForeignKey'],
    sink: leftRows.pipe(leftJoinForeignKey(rightRows, keyOf, pair), to('out')),
    nulls: rows,
    mostRows: subscribed,
  },
];

export const joins: readonly StatefulOperator[] = [...streams, ...streamsWithTables, ...tables];
