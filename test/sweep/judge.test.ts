import { describe, expect, it } from 'vitest';
import type { CaseNode, Expected } from '../conformance/format.ts';
import { judge } from './judge.ts';
import type { Question } from './makeCase.ts';
import type { Oracle } from './oracle.ts';

/** An oracle that says of every case what it is told to. */
const saying = (answer: (question: Question & { quick?: true }) => Expected): Oracle => ({
  ask: async (question) => answer(question),
  close: async () => {},
});

function question(...between: readonly object[]): Question {
  const last = (between.at(-1) as { id: string } | undefined)?.id ?? 'in';
  const topology = [
    { id: 'in', op: 'stream', topic: 'in' },
    ...between,
    { id: 'sink', op: 'to', in: [last], topic: 'out' },
  ];
  const inputs = [
    { topic: 'in', key: 'a', value: 'x', timestamp: 1, headers: [['h', '1']] },
    { topic: 'in', key: 'a', value: 'y', timestamp: 2 },
  ] as const;
  return { name: 'one', area: 'stateless', topology: topology as unknown as readonly CaseNode[], inputs };
}

const first = { step: 0, key: 'a', value: 'x', timestamp: 1, headers: [['h', '1']] } as const;
const second = { step: 1, key: 'a', value: 'y', timestamp: 2 };
const right: Expected = { outputs: { out: [first, second] }, stores: {} };

describe('judge', () => {
  it('says exact where both sides say the same', async () => {
    expect(
      await judge(
        question(),
        saying(() => right),
        {},
      ),
    ).toEqual({ is: 'exact' });
  });

  it('tells a difference with the case as it was expected', async () => {
    const wrong = { ...right, outputs: { out: [first] } };
    const found = await judge(
      question(),
      saying(() => wrong),
      {},
    );
    expect(found).toMatchObject({ is: 'different', testCase: { name: 'one', expected: wrong } });
    expect(found).toHaveProperty(
      'differences',
      expect.arrayContaining([expect.stringContaining('+ step 1')]),
    );
  });

  it('leaves out what fills a buffer with a tombstone of a group that never was', async () => {
    const sum = { adder: { fn: 'sum' }, subtractor: { fn: 'subtract' }, init: 0 };
    const overfull = question(
      { id: 'keyed', op: 'groupByKey', in: ['in'] },
      { id: 'sums', op: 'aggregate', in: ['keyed'], ...sum },
      { id: 'digits', op: 'groupBy', in: ['sums'], key: { fn: 'firstChar' }, value: { fn: 'identity' } },
      { id: 'again', op: 'aggregate', in: ['digits'], ...sum },
      {
        id: 'held',
        op: 'suppress',
        in: ['again'],
        until: 'timeLimit',
        timeLimitMs: 9,
        maxRecords: 1,
        whenFull: 'shutDown',
      },
      { id: 'changes', op: 'toStream', in: ['held'] },
    );
    const full = saying(() => ({ error: { phase: 'run', step: 0 } }));
    expect(await judge({ ...overfull, inputs: overfull.inputs.slice(0, 1) }, full, {})).toMatchObject({
      is: 'left out',
      why: expect.stringContaining('a group that never was'),
    });
  });

  it('looks at retention only where something differs', async () => {
    const asked: boolean[] = [];
    const oracle = saying(({ quick }) => {
      asked.push(quick === true);
      return quick ? { ...right, outputs: { out: [first] } } : right;
    });
    expect(await judge(question(), oracle, {})).toEqual({ is: 'exact' });
    expect(asked).toEqual([true, false]);
  });

  const windows = [
    { id: 'grouped', op: 'groupByKey', in: ['in'] },
    { id: 'cut', op: 'windowedBy', in: ['grouped'], window: { type: 'session', gapMs: 5, graceMs: 0 } },
    { id: 'counted', op: 'count', in: ['cut'] },
    { id: 'changes', op: 'toStream', in: ['counted'] },
  ];
  const session = (start: number, end: number, step: number, value: number | null) => ({
    step,
    key: 'a',
    window: { start, end },
    value,
    timestamp: end,
  });
  const sessions = [session(1, 1, 0, 1), session(1, 1, 1, null), session(1, 2, 1, 2)];

  it('lets the headers of session results be, and nothing else of them', async () => {
    const oracle = (out: Expected['outputs']) => saying(() => ({ outputs: out!, stores: {} }));
    expect(await judge(question(...windows), oracle({ out: sessions }), {})).toEqual({
      is: 'equivalent',
      why: 'but for the headers of sessions',
    });
    const other = [...sessions.slice(0, 2), session(1, 2, 1, 3)];
    expect(await judge(question(...windows), oracle({ out: other }), {})).toMatchObject({ is: 'different' });
  });

  it('asks again with nothing let go where retention plays a part, and leaves out what is neither', async () => {
    const oracle = (longer: Expected['outputs']) =>
      saying(({ topology }) =>
        topology.some(({ retentionMs }) => retentionMs !== undefined)
          ? { outputs: longer!, stores: {} }
          : { outputs: { out: [] }, stores: {}, retentionSensitive: true },
      );
    expect(await judge(question(...windows), oracle({ out: sessions }), {})).toMatchObject({
      is: 'equivalent',
      why: expect.stringContaining('retained for a year'),
    });
    expect(await judge(question(...windows), oracle({ out: [] }), {})).toMatchObject({
      is: 'left out',
      why: expect.stringContaining('retention'),
    });
  });

  it('asks again with nothing let go where an error hides whether retention plays a part', async () => {
    const oracle = saying(({ topology }) =>
      topology.some(({ retentionMs }) => retentionMs !== undefined)
        ? { outputs: { out: sessions }, stores: {} }
        : { outputs: { out: [] }, error: { phase: 'run', step: 1 } },
    );
    expect(await judge(question(...windows), oracle, {})).toMatchObject({
      is: 'equivalent',
      why: expect.stringContaining('retained for a year'),
    });
  });

  it('takes an error for one only in its phase and step', async () => {
    const failing = { id: 'f', op: 'mapValues', in: ['in'], value: { fn: 'throwWhen', value: 'y' } };
    const error = (step: number) =>
      saying(() => ({ error: { phase: 'run', step }, outputs: { out: [first] } }));
    expect(await judge(question(failing), error(1), {})).toEqual({ is: 'exact' });
    expect(await judge(question(failing), error(0), {})).toMatchObject({ is: 'different' });
  });
});
