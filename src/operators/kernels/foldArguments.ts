import type { AnyFunction, Shape } from '../../dsl/node.ts';
import type { Aggregation } from './aggregation.ts';
import type { Fold } from './guardedFold.ts';

/** Reads what follows the first arguments of aggregate() and reduce(): a subtractor, which only grouped tables take, a store. */
export function foldArguments(
  fold: Fold,
  rest: readonly unknown[],
): Pick<Aggregation, 'fold' | 'store' | 'shapes'> {
  const [subtract] = rest;
  if (typeof subtract !== 'function') return { fold, store: subtract };
  const shapes: readonly Shape[] = ['groupedTable'];
  return { fold: { ...fold, subtract: subtract as AnyFunction }, store: rest[1], shapes };
}
