import { MillraceError } from '../errors.ts';
import type { Table } from './backend.ts';

/** In place of the table of a state that was closed: whoever still reads is told. */
export function closedTable({ spec }: Table): Table {
  const refuse = (): never => {
    throw new MillraceError('INTERNAL', `store ${spec.name} was used after it was closed`, {
      step: spec.name,
    });
  };
  return {
    spec,
    get: refuse,
    range: refuse,
    between: refuse,
    within: refuse,
    rows: refuse,
    isEmpty: refuse,
  };
}
