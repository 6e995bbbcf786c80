import { aggregations } from './aggregations.ts';
import { joins } from './joins.ts';
import { keepers } from './keepers.ts';
import type { StatefulOperator } from './statefulOperator.ts';
import { windows } from './windows.ts';

/** Every operator that keeps state, in each of its forms. A new one gets a line in one of these lists. */
export const statefulOperators: readonly StatefulOperator[] = [
  ...aggregations,
  ...windows,
  ...joins,
  ...keepers,
];
