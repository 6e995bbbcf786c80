import { describe, expect, it } from 'vitest';
import type { CaseNode } from '../conformance/format.ts';
import { unsound } from './soundness.ts';

const of = (...nodes: readonly object[]): { topology: readonly CaseNode[] } => ({
  topology: nodes as readonly CaseNode[],
});
const source = { id: 'in', op: 'stream', topic: 'in' };
const moved = (id: string): object => ({ id, op: 'selectKey', in: ['in'], key: { fn: 'firstChar' } });
const grouped = (id: string, from: string): object => ({ id, op: 'groupByKey', in: [from] });
const counted = (id: string, from: string): object => ({ id, op: 'count', in: [from] });
const joined = (left: string, right: string): object => ({
  id: 'join',
  op: 'tableTableJoin',
  in: [left, right],
});

describe('unsound', () => {
  it('takes a join of two counts of one stream, which both come at once', () => {
    const nodes = [grouped('g', 'in'), counted('a', 'g'), counted('b', 'g'), joined('a', 'b')];
    expect(unsound(of(source, ...nodes))).toBeUndefined();
  });

  it('refuses a join of what comes by two internal topics from one record', () => {
    const left = [moved('x'), grouped('gx', 'x'), counted('a', 'gx')];
    const right = [moved('y'), grouped('gy', 'y'), counted('b', 'gy')];
    expect(unsound(of(source, ...left, ...right, joined('a', 'b')))).toContain('internal topics');
  });

  it('takes it where one of the two comes at once, or from another source', () => {
    const left = [moved('x'), grouped('gx', 'x'), counted('a', 'gx')];
    const right = [grouped('gy', 'in'), counted('b', 'gy')];
    expect(unsound(of(source, ...left, ...right, joined('a', 'b')))).toBeUndefined();
    const other = { id: 'other', op: 'table', topic: 'other' };
    expect(unsound(of(source, other, ...left, joined('a', 'other')))).toBeUndefined();
  });

  it('refuses a merge of a stream with what only millrace sends through a topic', () => {
    const stored = { id: 'p', op: 'process', in: ['x'], processor: { fn: 'runningCount', store: 's' } };
    const merged = { id: 'm', op: 'merge', in: ['p', 'in'] };
    expect(unsound(of(source, moved('x'), stored, merged))).toContain('internal topics');
    expect(unsound(of(source, { ...stored, in: ['in'] }, merged))).toBeUndefined();
  });

  it('refuses timers of stream time behind an internal topic', () => {
    const tick = { id: 't', op: 'process', processor: { fn: 'tick', clock: 'stream', everyMs: 5 } };
    expect(unsound(of(source, { ...tick, in: ['in'] }))).toBeUndefined();
    const apart = { id: 'r', op: 'repartition', in: ['in'] };
    expect(unsound(of(source, apart, { ...tick, in: ['r'] }))).toContain('stream time');
  });

  it('refuses timers of stream time beside those of the wall clock, whose records move it', () => {
    const tick = {
      id: 't',
      op: 'process',
      in: ['in'],
      processor: { fn: 'tick', clock: 'stream', everyMs: 5 },
    };
    const flush = { fn: 'bufferLatest', clock: 'wall', everyMs: 5, store: 's' };
    expect(unsound(of(source, tick))).toBeUndefined();
    expect(unsound(of(source, tick, { id: 'b', op: 'process', in: ['t'], processor: flush }))).toContain(
      'stream time',
    );
  });

  it('refuses timers of the wall clock behind each other', () => {
    const tick = { op: 'process', processor: { fn: 'tick', clock: 'wall', everyMs: 5 } };
    const first = { ...tick, id: 't', in: ['in'] };
    expect(unsound(of(source, first))).toBeUndefined();
    expect(unsound(of(source, first, { ...tick, id: 'u', in: ['t'] }))).toContain('wall clock');
  });

  it('refuses what Kafka Streams itself gets wrong: a stream merged with itself, a cogrouped table that is joined', () => {
    expect(unsound(of(source, { id: 'm', op: 'merge', in: ['in', 'in'] }))).toContain('merges');
    const cogrouped = [grouped('g', 'in'), { id: 'c', op: 'cogroup', in: ['g'] }];
    const table = { id: 'a', op: 'aggregate', in: ['c'] };
    const other = { id: 'other', op: 'table', topic: 'other' };
    expect(unsound(of(source, other, ...cogrouped, table, joined('a', 'other')))).toContain('cogrouped');
  });
});
