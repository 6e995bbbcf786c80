import type { StoreSpec } from '../dsl/node.ts';
import { MillraceError } from '../errors.ts';
import type { TableSpec } from './backend.ts';

/** The table that keeps the rows of a store. */
export function tableSpecOf(name: string, { kind, key, value }: StoreSpec): TableSpec {
  return { name, kind, key: key.format, value: value.format };
}

/** Refuses a table that was made for another kind of store or for other formats: its rows could not be read right. */
export function checkSameTable(found: TableSpec, expected: TableSpec, path: string): void {
  const fits = found.kind === expected.kind && found.key === expected.key && found.value === expected.value;
  if (fits) return;
  throw new MillraceError('STATE_INCOMPATIBLE', `store ${expected.name} was written by another topology`, {
    step: expected.name,
    path,
    expected: describe(expected),
    found: describe(found),
    next: 'Give the changed store another name, or reset this application so that its state is built anew.',
  });
}

function describe({ kind, key, value }: TableSpec): string {
  return `a ${kind} store with ${key} keys and ${value} values`;
}
