import type { Step } from '../topology.ts';

/** For each step those that its messages go to, in the order of description. Global tables send none. */
export function readersOf(steps: readonly Step[]): ReadonlyMap<Step, readonly Step[]> {
  const readers = new Map<Step, Step[]>(steps.map((step) => [step, []]));
  for (const step of steps) {
    for (const input of new Set(step.inputs)) readers.get(input)?.push(step);
  }
  return readers;
}

/** Steps whose messages reach this one: all inputs but global tables. */
export function writersTo(step: Step): readonly Step[] {
  return [...new Set(step.inputs.filter((input) => input.node.shape !== 'globalTable'))];
}

/** Names of the stores a join looks into: those of its tables, or what these are themselves made of. */
export function storesReadBy(step: Step): readonly string[] {
  if (step.inputs.length < 2) return [];
  const tables = step.inputs.filter(({ node }) => node.shape === 'table' || node.shape === 'globalTable');
  return [...new Set(tables.flatMap(rowsOf))];
}

function rowsOf(table: Step): readonly string[] {
  return table.stores.length > 0 ? table.stores.map(({ name }) => name) : table.inputs.flatMap(rowsOf);
}
