import { describe, expect, it } from 'vitest';
import { behind } from './excuses.ts';
import { makeCase, type Question } from './makeCase.ts';
import { shrink } from './shrink.ts';

const has = ({ topology }: Question, op: string): boolean => topology.some((node) => node.op === op);

/** Something of a count comes to an output. */
function writesCounts(question: Question): boolean {
  const counts = question.topology.filter(({ op }) => op === 'count').map(({ id }) => id);
  return behind(question, counts).some(({ op }) => op === 'to');
}

/** One record of this value after another of at least that age. */
function latePair({ inputs }: Question): boolean {
  const records = inputs.filter((input) => 'topic' in input);
  return records.some(
    ({ value, timestamp }, at) =>
      value === null && records.slice(0, at).some((before) => before.timestamp > timestamp + 2),
  );
}

describe('shrink', () => {
  it('leaves of a case what a planted difference needs, and no more', async () => {
    const planted = async (question: Question): Promise<boolean> =>
      writesCounts(question) && latePair(question);
    let found = 0;
    for (let index = 0; index < 400; index++) {
      const question = makeCase(5, index, 'pipeline');
      if (!(await planted(question))) continue;
      found++;
      const { topology, inputs } = await shrink(question, planted, { limit: 20_000 });
      // Of what stands between count and sink all falls out; before it, what a count cannot do without.
      expect(topology.length).toBeLessThanOrEqual(6);
      expect(inputs).toHaveLength(2);
      const times = inputs.flatMap((input) => ('topic' in input ? [input.timestamp] : []));
      expect(times).toEqual([3, 0]);
    }
    expect(found).toBeGreaterThan(5);
  });

  it('gives the case itself where nothing smaller differs', async () => {
    const question = makeCase(5, 1);
    expect(await shrink(question, async () => false)).toBe(question);
  });

  it('ends after so many candidates', async () => {
    let tried = 0;
    const always = async (): Promise<boolean> => {
      tried++;
      return true;
    };
    await shrink(makeCase(5, 2, 'pipeline'), always, { limit: 7 });
    expect(tried).toBeLessThanOrEqual(7);
  });

  it('asks only about cases that can be compared', async () => {
    const source = { id: 'in', op: 'stream', topic: 'in' };
    const merged = [
      { id: 'f', op: 'filter', in: ['in'], predicate: { fn: 'always' } },
      { id: 'm', op: 'merge', in: ['in', 'f'] },
      { id: 'to', op: 'to', in: ['m'], topic: 'out' },
    ];
    const question = { name: '', area: '', topology: [source, ...merged], inputs: [] } as unknown as Question;
    const smallest = await shrink(question, async (candidate) => has(candidate, 'merge'));
    expect(smallest.topology.find(({ op }) => op === 'merge')?.in).toEqual(['in', 'f']);
  });
});
