import { describe, expect, it } from 'vitest';
import { describeCase } from '../conformance/describeCase.ts';
import type { CaseNode } from '../conformance/format.ts';
import { areas } from './areas.ts';
import { makeCase, type Question } from './makeCase.ts';
import { unsound } from './soundness.ts';

const names = Object.keys(areas);
const cases: readonly Question[] = Array.from({ length: names.length * 60 }, (_, index) =>
  makeCase(1, index),
);
const nodes: readonly CaseNode[] = cases.flatMap(({ topology }) => topology);

describe('makeCase', () => {
  it('gives the same case for the same seed, index and area, and another for another', () => {
    expect(makeCase(7, 3, 'session')).toEqual(makeCase(7, 3, 'session'));
    expect(makeCase(8, 3, 'session')).not.toEqual(makeCase(7, 3, 'session'));
    expect(makeCase(7, 4, 'session')).not.toEqual(makeCase(7, 3, 'session'));
  });

  it('takes the areas of the format in turns', () => {
    expect(cases.slice(0, names.length).map(({ area }) => area)).toEqual(names);
  });

  it('makes topologies that can be described, but for those that are meant to be refused', () => {
    const refused = cases.filter((question) => {
      try {
        describeCase({ ...question, expected: {} });
        return false;
      } catch {
        return true;
      }
    });
    expect([...new Set(refused.map(({ area }) => area))]).toEqual(['errors']);
    expect(cases.filter((question) => unsound(question) !== undefined)).toEqual([]);
  });

  it('feeds records to topics that are read, and writes each output from one place', () => {
    for (const { topology, inputs } of cases) {
      const read = new Set(topology.map(({ topic }) => topic));
      expect(inputs.every((input) => !('topic' in input) || read.has(input.topic))).toBe(true);
      const written = topology.flatMap(({ op, topic }) => (op === 'to' ? [topic] : []));
      expect(new Set(written).size).toBe(written.length);
      expect(written.length).toBeGreaterThan(0);
    }
  });

  it('knows every operator of the format', () => {
    expect([...new Set(nodes.map(({ op }) => op))].sort()).toEqual(
      [
        'aggregate cogroup count filter filterNot flatMap flatMapValues foreignKeyJoin globalTable groupBy groupByKey map',
        'mapValues merge process reduce repartition selectKey split stream streamGlobalTableJoin streamStreamJoin',
        'streamTableJoin suppress table tableTableJoin to toStream toTable windowedBy',
      ]
        .join(' ')
        .split(' '),
    );
  });

  it.each([
    'store',
    'versionedHistoryMs',
    'retentionMs',
    'emit',
    'default',
    'maxRecords',
    'whenFull',
    'merger',
    'subtractor',
  ])('gives some nodes the option %s, and others not', (option) => {
    const having = nodes.filter((node) => option in node);
    expect(having.length).toBeGreaterThan(0);
    const ops = new Set(having.map(({ op }) => op));
    expect(nodes.some((node) => ops.has(node.op) && !(option in node))).toBe(true);
  });

  it('makes late records, equal timestamps, tombstones, null keys, headers and quiet times', () => {
    const records = cases.flatMap(({ inputs }) => inputs.filter((input) => 'topic' in input));
    const steps = cases.flatMap(({ inputs }) => {
      const times = inputs.flatMap((input) => ('topic' in input ? [input.timestamp] : []));
      return times.slice(1).map((time, at) => time - times[at]!);
    });
    expect(steps.some((step) => step === 0)).toBe(true);
    expect(steps.some((step) => step < -1000)).toBe(true);
    expect(steps.some((step) => step > 80_000_000)).toBe(true);
    expect(records.some(({ key }) => key === null)).toBe(true);
    expect(records.some(({ value }) => value === null)).toBe(true);
    expect(records.some(({ headers }) => headers !== undefined)).toBe(true);
  });
});
