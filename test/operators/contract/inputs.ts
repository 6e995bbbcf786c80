import fc from 'fast-check';
import { topology } from '../../../src/dsl/topology.ts';
import type { StatefulOperator, Topic } from './statefulOperator.ts';
import type { Input } from './trial.ts';

export const keys: readonly string[] = ['a', 'b', 'c'];

export function topicsOf({ sink }: StatefulOperator): readonly Topic[] {
  const { subtopologies, globalTables } = topology([sink]);
  const sources = [...subtopologies.flatMap((piece) => piece.sources), ...globalTables];
  const read = new Set(sources.filter((step) => step.internal !== true).map((step) => step.topic));
  return (['left', 'right'] as const).filter((topic) => read.has(topic));
}

const rarely = <T>(rare: T, often: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(rare) }, { weight: 9, arbitrary: often });

/** Time goes on, by jumps now and then; records come in order, out of it, or late. */
export function someInputs(operator: StatefulOperator): fc.Arbitrary<Input[]> {
  const one = fc.record({
    topic: fc.constantFrom(...topicsOf(operator)),
    key: rarely<string | null>(null, fc.constantFrom(...keys)),
    value: rarely<number | null>(null, fc.nat(6)),
    step: fc.constantFrom(0, 0, 1, 2, 3, 5, 8, 13, 40, 300),
    back: fc.constantFrom(0, 0, 0, 0, 2, 7, 15, 30, 60),
    pause: fc.constantFrom(0, 0, 0, 1, 4, 9, 30),
  });
  return fc.array(one, { minLength: 1, maxLength: 30, size: 'max' }).map((moves) => {
    let now = 0;
    return moves.map(({ step, back, ...input }) => {
      now += step;
      return { ...input, timestamp: Math.max(0, now - back) };
    });
  });
}

/** The same records in the order of their times, all different, and out of it, by less than `late` ms. */
export function twoOrders(
  operator: StatefulOperator,
  late: number,
): fc.Arbitrary<{ readonly ordered: Input[]; readonly disordered: Input[] }> {
  const one = fc.record({
    topic: fc.constantFrom(...topicsOf(operator)),
    key: rarely<string | null>(null, fc.constantFrom(...keys)),
    value: rarely<number | null>(null, fc.nat(6)),
    step: fc.constantFrom(1, 1, 2, 3, 5, 13, 40, 300),
    wait: fc.nat(Math.min(late, 1000) - 1),
  });
  return fc.array(one, { minLength: 1, maxLength: 30, size: 'max' }).map((moves) => {
    let now = 0;
    const timed = moves.map(({ step, wait, ...input }) => {
      now += step;
      return { arrival: now + wait, input: { ...input, timestamp: now, pause: 0 } };
    });
    const disordered = [...timed].sort((a, b) => a.arrival - b.arrival);
    return {
      ordered: timed.map(({ input }) => input),
      disordered: disordered.map(({ input }) => input),
    };
  });
}

/** A record of each key and topic, at a moment. */
export function oneOfEach(operator: StatefulOperator, timestamp: number): Input[] {
  return topicsOf(operator).flatMap((topic) =>
    keys.map((key, index) => ({ topic, key, value: index, timestamp: timestamp + index, pause: 0 })),
  );
}
