import type { ProcessVersionedStore } from '../../dsl/processContext.ts';
import type { Versions } from '../../dsl/versions.ts';
import type { Turns } from './processTurns.ts';

/** A store with versions as the function of a process() sees it. */
export function processVersions(
  versions: Versions,
  turns: Turns,
  checks: { readonly time: (time: unknown) => number; readonly value: (value: unknown) => unknown },
): ProcessVersionedStore<unknown, unknown> {
  const rowOf = (key: unknown, asOf: number | undefined) =>
    asOf === undefined ? versions.newest(key) : versions.asOf(key, asOf);
  const put = (key: unknown, value: unknown, from: number | undefined, call: string): boolean => {
    const { timestamp } = turns.current(call);
    return versions.put(key, value, from === undefined ? timestamp : checks.time(from)) !== 'late';
  };
  return Object.freeze({
    get: (key: unknown, asOf?: number) => rowOf(key, asOf)?.value,
    timestamp: (key: unknown, asOf?: number) => rowOf(key, asOf)?.timestamp,
    put: (key: unknown, value: unknown, from?: number) => put(key, checks.value(value), from, 'put()'),
    delete: (key: unknown, from?: number) => put(key, null, from, 'delete()'),
  });
}
