import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { keys, oneOfEach, someInputs, topicsOf, twoOrders } from './contract/inputs.ts';
import type { StatefulOperator } from './contract/statefulOperator.ts';
import { statefulOperators } from './contract/statefulOperators.ts';
import { type After, type Input, type Outcome, outcomeOf, Trial } from './contract/trial.ts';

const numRuns = Number(process.env['RUNS'] ?? 8);

describe.each(statefulOperators)('$name', (operator) => {
  const { sink, late, perCommit, outside } = operator;
  const inputs = someInputs(operator);
  const todos = (...choices: After[]): fc.Arbitrary<After[]> =>
    fc.array(fc.constantFrom(...choices), { minLength: 40, maxLength: 40 });

  test.prop([inputs, todos('nothing', 'commit', 'restart', ...(outside ? [] : ['redo' as const]))], {
    numRuns,
  })('does the same whether it is stopped, and started from what was committed, or not', (records, todo) => {
    const unbroken = (index: number): After => (todo[index] === 'nothing' ? 'nothing' : 'commit');
    expect(outcomeOf(sink, records, (index) => todo[index]!)).toEqual(outcomeOf(sink, records, unbroken));
  });

  test.prop([inputs, todos('nothing', 'nothing', 'nothing', 'commit')], { numRuns })(
    'comes to the same wherever commits are',
    (records, todo) => {
      const some = outcomeOf(sink, records, (index) => todo[index]!);
      const each = outcomeOf(sink, records, () => 'commit');
      if (perCommit) expect(lastValues(some)).toEqual(lastValues(each));
      else expect(some).toEqual(each);
    },
  );

  if (late) {
    test.prop([twoOrders(operator, late)], { numRuns })(
      'comes to the same in another order, as long as nothing is late',
      ({ ordered, disordered }) => {
        expect(finalOf(operator, disordered)).toEqual(finalOf(operator, ordered));
      },
    );
  }

  it.each(topicsOf(operator))(
    'gives records of %s that lack key or value up, for a reason, or takes them in',
    (topic) => {
      const [noKey, noValue] = operator.nulls[topic]!;
      const trial = new Trial(sink);
      for (const input of oneOfEach(operator, 0)) trial.send(input);
      expect(trial.takeDrops()).toEqual([]);
      const one = { topic, key: 'a', value: 1, timestamp: 5, pause: 0 };
      trial.send({ ...one, key: null });
      expect(trial.takeDrops()).toEqual(noKey === 'taken in' ? [] : [noKey]);
      trial.send({ ...one, value: null });
      expect(trial.takeDrops()).toEqual(noValue === 'taken in' ? [] : [noValue]);
      trial.end();
    },
  );

  test.prop([inputs], { numRuns: Math.ceil(numRuns / 3) })(
    'keeps few rows when time has gone far on',
    (records) => {
      const trial = new Trial(sink);
      for (const input of records) trial.send(input);
      for (const far of [1e9, 2e9, 3e9]) {
        for (const input of oneOfEach(operator, far)) trial.send(input);
        trial.pass(1e9);
        trial.do('commit');
      }
      expect(trial.storedRows).toBeLessThanOrEqual(operator.mostRows(keys.length));
      trial.end();
    },
  );
});

/** What was written last for each key that is there. */
function lastOf({ out }: Outcome): Map<string, Outcome['out'][number]> {
  const last = new Map(out.map((message) => [JSON.stringify(message.key), message]));
  return new Map([...last].filter(([, { value }]) => value !== null));
}

function lastValues(outcome: Outcome): Map<string, unknown> {
  return new Map([...lastOf(outcome)].map(([key, { value }]) => [key, value]));
}

/** What is final of records; where that is what was written, once time has gone on. */
function finalOf(operator: StatefulOperator, inputs: readonly Input[]): unknown {
  const { sink, final } = operator;
  const later = final === 'records' ? [1e6, 2e6].flatMap((far) => oneOfEach(operator, far)) : [];
  const outcome = outcomeOf(sink, [...inputs, ...later], () => 'nothing');
  if (final === 'values') return lastValues(outcome);
  if (final === 'rows') return [lastOf(outcome), outcome.rows];
  return outcome.out.map((record) => JSON.stringify(record)).sort();
}
