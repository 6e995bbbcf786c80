import type { AnyFunction } from '../../dsl/node.ts';
import type { AnyTable, Grouped, Op } from '../../dsl/types.ts';
import { aggregation } from './aggregation.ts';
import { checkFunction } from './checkFunction.ts';
import { finite } from './finite.ts';

/** What min and max are: `better` says whether the first number is to replace the second. */
export function extreme(
  kind: string,
  numberOf: AnyFunction,
  better: (candidate: number, best: number) => boolean,
  store: unknown,
): Op<Grouped, AnyTable> {
  checkFunction(numberOf, `function of ${kind}()`);
  const first = (value: unknown, message: unknown): number => finite(numberOf(value, message), `${kind}()`);
  const add = (best: number, value: unknown, message: unknown): number => {
    const candidate = first(value, message);
    return better(candidate, best) ? candidate : best;
  };
  return aggregation({
    kind,
    fold: { first, add, merge: (a: number, b: number) => (better(b, a) ? b : a) },
    store,
  });
}
