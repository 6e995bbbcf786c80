import type { WindowKey } from 'millrace';
import type { Driver } from 'millrace/testing';
import type { AnyKey, Case, CaseKey, Literal, Outputs, StoreEntry } from './format.ts';

interface Version {
  readonly from: number;
  readonly end: number;
  readonly value: Literal;
}

/**
 * The rows of a versioned store as the format lists them: what a lookup as of each moment of the case finds, by time, and null
 * from the first moment on at which a row is gone.
 */
export function versionsOf(
  driver: Pick<Driver, 'store'>,
  name: string,
  { topology, inputs }: Case,
  outputs: Outputs,
): StoreEntry[] {
  const history = topology.find(({ store }) => store === name)!.versionedHistoryMs!;
  const rows = rowsOf(driver, name);
  const streamTime = Number(driver.store(`${name}-time`)[0]?.[1].value);
  const records = [...inputs.filter((input) => 'topic' in input), ...Object.values(outputs).flat()];
  const moments = [...new Set(records.map(({ timestamp }) => timestamp))].sort((a, b) => a - b);
  const asOf = (versions: readonly Version[], moment: number): Version | undefined =>
    versions.find(
      ({ from, end, value }) =>
        value !== null &&
        from <= moment &&
        moment < end &&
        (end === Infinity || moment >= streamTime - history),
    );
  return [...rows]
    .map(([key, versions]) => ({ key, versions: changes(moments, (moment) => asOf(versions, moment)) }))
    .filter(({ versions }) => versions.length > 0);
}

function rowsOf(driver: Pick<Driver, 'store'>, name: string): Map<CaseKey, Version[]> {
  const rows = new Map<CaseKey, Version[]>();
  const add = (key: unknown, version: Version): void => {
    const known = rows.get(key as CaseKey);
    if (known === undefined) rows.set(key as CaseKey, [version]);
    else known.push(version);
  };
  for (const [key, { value, timestamp }] of driver.store(name)) {
    add(key, { from: timestamp, end: Infinity, value: value as Literal });
  }
  for (const [of, { value }] of driver.store(`${name}-versions`)) {
    const { key, start, end } = of as WindowKey<AnyKey>;
    add(key, { from: start, end, value: value as Literal });
  }
  return rows;
}

function changes(
  moments: readonly number[],
  at: (moment: number) => Version | undefined,
): { from: number; value: Literal }[] {
  const found: { from: number; value: Literal }[] = [];
  let last: Version | undefined;
  for (const moment of moments) {
    const now = at(moment);
    if (now?.from !== last?.from) found.push({ from: now?.from ?? moment, value: now?.value ?? null });
    last = now;
  }
  return found;
}
