import type { AnyFunction, Shape } from '../../dsl/node.ts';
import type { Aggregation } from './aggregation.ts';
import type { Fold } from './guardedFold.ts';

/**
 * Reads what follows the first arguments of aggregate() and reduce(): a function that only what has one of the `shapes` takes,
 * a subtractor or a merger, and a store.
 */
export function foldArguments(
  fold: Fold,
  rest: readonly unknown[],
  shapes: readonly Shape[] = ['groupedTable'],
): Pick<Aggregation, 'fold' | 'store' | 'shapes'> {
  const [other] = rest;
  if (typeof other !== 'function') return { fold, store: other };
  const subtract = other as AnyFunction;
  return { fold: { merge: subtract, ...fold, subtract }, store: rest[1], shapes };
}
