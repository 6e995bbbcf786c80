import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkCase } from './checkCase.ts';
import { checkOnCluster } from './checkOnCluster.ts';
import { compareCase, compareFinal } from './compareCase.ts';
import type { Case, Output } from './format.ts';
import { readCases } from './readCases.ts';

const cases = readCases(join(import.meta.dirname, 'cases'));

/** Where Kafka Streams does something questionable we may differ. */
const sound = ({ quirk, expected }: Case) =>
  quirk !== undefined || expected.retentionSensitive
    ? { is: expect.stringMatching(/passed|differs/) }
    : { is: 'passed' };

const seedOf = ({ name }: Case): number =>
  [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);

describe('conformance with Kafka Streams', () => {
  it('has cases of every area that the operators cover', () => {
    expect([...new Set(cases.map(({ area }) => area))].sort()).toEqual(
      expect.arrayContaining([
        'cogroup',
        'emit',
        'errors',
        'foreign-key-join',
        'grouping',
        'hopping',
        'pipeline',
        'process',
        'session',
        'sliding',
        'stateless',
        'stream-global-join',
        'stream-stream-join',
        'stream-table-join',
        'suppress',
        'table-grouping',
        'table-table-join',
        'tables',
        'tumbling',
        'versioned',
      ]),
    );
  });

  it.each(cases)('$area: $name', (testCase) => {
    expect(checkCase(testCase)).toMatchObject(sound(testCase));
  });

  it.each(cases)('$area: $name, killed after every commit', (testCase) => {
    expect(checkCase(testCase, { restarts: true })).toMatchObject(sound(testCase));
  });

  // Random ones make no other demands on the runtime; in a cluster time passes all the time.
  const written = cases.filter(
    ({ name, inputs }) => !name.startsWith('random') && inputs.every((input) => 'topic' in input),
  );
  it.each(written)(
    '$area: $name, on three partitions, one of two instances killed at some call',
    async (testCase) => {
      const run = { partitions: 3, instances: 2, crash: true, seed: seedOf(testCase) };
      expect(await checkOnCluster(testCase, run)).toMatchObject({ verdict: { is: 'passed' } });
    },
  );

  it.each(written)(
    '$area: $name, on one partition, one of two instances killed at some call',
    async (testCase) => {
      const run = { partitions: 1, instances: 2, crash: true, seed: seedOf(testCase) };
      expect(await checkOnCluster(testCase, run)).toMatchObject({ verdict: sound(testCase) });
    },
  );
});

describe('compareCase', () => {
  const record = (step: number, value: string | number | null, more: Partial<Output> = {}): Output => ({
    step,
    key: 'a',
    value,
    timestamp: 1,
    ...more,
  });
  const difference = (wanted: Output[], got: Output[], compare: Case['compare'] = 'exact'): string[] =>
    compareCase(
      { name: '', area: '', topology: [], inputs: [], compare, expected: { outputs: { out: wanted } } },
      { outputs: { out: got }, stores: {} },
    );

  it('finds nothing to say about equal records', () => {
    expect(difference([record(0, 1), record(1, null)], [record(0, 1), record(1, null)])).toEqual([]);
  });

  it('tells the string 1 from the number 1', () => {
    expect(difference([record(0, 1)], [record(0, '1')])).toEqual([
      'topic out:',
      '  - step 0  "a" = 1  at 1',
      '  + step 0  "a" = "1"  at 1',
    ]);
  });

  it.each<[string, Partial<Output>]>([
    ['step', { step: 1 }],
    ['key', { key: 'b' }],
    ['window', { window: { start: 0, end: 5 } }],
    ['timestamp', { timestamp: 2 }],
    ['headers', { headers: [['h', 'x']] }],
  ])('sees another %s', (_, other) => {
    expect(difference([record(0, 1)], [record(0, 1, other)])).toHaveLength(3);
  });

  it('sees records that are missing, too many, or in another order', () => {
    expect(difference([record(0, 1)], [])).toHaveLength(2);
    expect(difference([], [record(0, 1)])).toHaveLength(2);
    expect(difference([record(0, 1), record(0, 2)], [record(0, 2), record(0, 1)]).length).toBeGreaterThan(0);
  });

  it('lets optional records be missing, also next to equal ones that are not optional', () => {
    const optional = record(0, null, { optional: true });
    expect(difference([optional, record(0, null)], [record(0, null)])).toEqual([]);
    expect(difference([optional, record(0, null)], [record(0, null), record(0, null)])).toEqual([]);
    expect(difference([optional, record(0, null)], [])).toHaveLength(2);
  });

  it('compares unordered cases as multisets, whatever the step', () => {
    const wanted = [record(0, 1), record(1, 2), record(1, 2)];
    expect(difference(wanted, [record(3, 2), record(3, 1), record(4, 2)], 'unordered')).toEqual([]);
    expect(difference(wanted, [record(3, 2), record(3, 1)], 'unordered')).toHaveLength(2);
  });

  it('wants errors in the same phase and step', () => {
    const wanted = {
      name: '',
      area: '',
      topology: [],
      inputs: [],
      expected: { error: { phase: 'run', step: 1 } },
    } as const;
    const error = (phase: 'build' | 'run', step: number) => ({ phase, step, message: 'no' });
    expect(compareCase(wanted, { outputs: {}, stores: {}, error: error('run', 1) })).toEqual([]);
    expect(compareCase(wanted, { outputs: {}, stores: {}, error: error('run', 2) })).toHaveLength(1);
    expect(compareCase(wanted, { outputs: {}, stores: {} })).toHaveLength(1);
  });

  it('wants all rows of a store, and no others but expired ones', () => {
    const row = (key: string) => ({ key, value: 1, timestamp: 1 });
    const stores = { s: { kind: 'window', entries: [row('a')], expired: [row('b')] } };
    const wanted: Case = { name: '', area: '', topology: [], inputs: [], expected: { stores } };
    const differences = (rows: ReturnType<typeof row>[]) =>
      compareCase(wanted, { outputs: {}, stores: { s: rows } });
    expect(differences([row('a')])).toEqual([]);
    expect(differences([row('a'), row('b')])).toEqual([]);
    expect(differences([row('b')])).toHaveLength(2);
    expect(differences([row('a'), row('c')])).toHaveLength(2);
  });
});

describe('compareFinal', () => {
  const row = (key: string, value: number | null, timestamp = 1) => ({ key, value, timestamp });
  const differences = (wanted: ReturnType<typeof row>[], got: ReturnType<typeof row>[]): string[] =>
    compareFinal(
      { name: '', area: '', topology: [], inputs: [], expected: { cachedFinal: { out: wanted } } },
      { outputs: { out: got.map((record, step) => ({ step, ...record })) }, stores: {} },
    );

  it('compares the last record of each key, whatever came before', () => {
    expect(differences([row('a', 2), row('b', 1)], [row('b', 1), row('a', 1), row('a', 2)])).toEqual([]);
    expect(differences([row('a', 2)], [row('a', 2), row('a', 3)])).toEqual([
      'topic out, cached:',
      '  - "a" = 2  at 1',
      '  + "a" = 3  at 1',
    ]);
    expect(differences([row('a', 2, 5)], [row('a', 2)])).toHaveLength(3);
  });

  it('takes a row that is gone for one that never came', () => {
    expect(differences([row('a', null)], [])).toEqual([]);
    expect(differences([], [row('a', 1), row('a', null)])).toEqual([]);
  });
});
