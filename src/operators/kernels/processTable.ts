import type { View } from '../../dsl/node.ts';
import type { ProcessTable } from '../../dsl/processContext.ts';

/** A table as the function of a process() sees it. A record without a key has no row. */
export function processTable(view: View): ProcessTable<unknown, unknown> {
  const rowOf = (key: unknown, asOf?: number) => (key === null ? undefined : view(key, asOf));
  return Object.freeze({
    get: (key: unknown, asOf?: number) => rowOf(key, asOf)?.value,
    timestamp: (key: unknown, asOf?: number) => rowOf(key, asOf)?.timestamp,
  });
}
