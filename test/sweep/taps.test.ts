import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Case, Expected, Output } from '../conformance/format.ts';
import { readCases } from '../conformance/readCases.ts';
import { type Padding, paddingOf, tapped, withoutTaps } from './taps.ts';

const recorded = readCases(join(import.meta.dirname, '../conformance/cases'));
const named = (name: string): Case => recorded.find((testCase) => testCase.name === name)!;

/** What Kafka Streams would say with taps: in a case of sources, one join and a sink it can be told from the case. */
function withTaps({ topology, inputs, expected }: Case): Expected {
  const joining = topology.find(({ op }) => op === 'streamStreamJoin')!;
  const arrivals = (id: string): Output[] => {
    const { topic } = topology.find((node) => node.id === id)!;
    return inputs.flatMap((input, step) =>
      'topic' in input && input.topic === topic ? [{ ...input, step }] : [],
    );
  };
  const taps = {
    [`tap ${joining.id} left`]: arrivals(joining.in![0]!),
    [`tap ${joining.id} right`]: arrivals(joining.in![1]!),
    [`tap ${joining.id} out`]: Object.values(expected.outputs!)[0]!,
  };
  return { ...expected, outputs: { ...expected.outputs, ...taps } };
}

describe('paddingOf', () => {
  it.each<[string, Padding]>([
    ['left-join-emits-unmatched-after-the-window', 'plain'],
    ['left-join-match-arrives-in-time', 'plain'],
    ['left-join-null-key-is-emitted-at-once', 'plain'],
    ['outer-join-emits-both-sides', 'plain'],
    ['outer-join-null-keys', 'plain'],
    ['stream-stream-join-null-records-advance-time', 'plain'],
    ['left-join-asymmetric-window', 'at other moments'],
    ['outer-join-asymmetric', 'at other moments'],
    ['left-join-late-record-within-grace-is-padded-at-once', 'other records'],
  ])('%s: %s', (name, padding) => {
    const testCase = named(name);
    expect(paddingOf(testCase, withTaps(testCase))).toBe(padding);
  });

  it('has nothing to say about cases without such joins', () => {
    const testCase = named('count-by-key');
    expect(paddingOf(testCase, testCase.expected)).toBe('plain');
    expect(tapped(testCase).topology).toEqual(testCase.topology);
  });
});

describe('withoutTaps', () => {
  it('gives what was expected', () => {
    const testCase = named('outer-join-emits-both-sides');
    expect(withoutTaps(withTaps(testCase))).toEqual(testCase.expected);
  });
});
