import type { Operator } from './node.ts';
import { Versions } from './versions.ts';

/**
 * A table that knows what its rows were, `history` ms of stream time back. What comes late takes its place among the versions of
 * the row and is passed on as out of order; what comes too late is dropped.
 */
export function keepVersions(history: number): Pick<Operator, 'run' | 'view'> {
  return {
    run(task, emit) {
      const versions = new Versions(task, history);
      return [
        (message) => {
          const { key, value: after, timestamp, headers } = message;
          if (key === null) return task.drop('null-key', message);
          const before: unknown = versions.newest(key)?.value ?? null;
          const put = versions.put(key, after, timestamp);
          if (put === 'late') return task.drop('late', message);
          const value = put === 'old' ? { before, after, outOfOrder: true } : { before, after };
          emit({ key, value, timestamp, headers });
        },
      ];
    },
    view(task) {
      const versions = new Versions(task, history);
      return (key, asOf) => (asOf === undefined ? versions.newest(key) : versions.asOf(key, asOf));
    },
  };
}
