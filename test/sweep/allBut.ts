import { compareCase } from '../conformance/compareCase.ts';
import type { Case, Expected, Output, Outputs } from '../conformance/format.ts';
import type { Actual } from '../conformance/runCase.ts';
import { behind } from './excuses.ts';

/** What small thing alone differs; undefined where more does. */
export function allBut(testCase: Case, expected: Expected, actual: Actual): string | undefined {
  const same = (wanted: Outputs, got: Outputs = actual.outputs): boolean => {
    const other = { ...testCase, expected: { ...expected, outputs: wanted } };
    return compareCase(other, { ...actual, outputs: got as Actual['outputs'] }).length === 0;
  };
  const outputs = expected.outputs ?? {};
  const sessions = topicsOfSessions(testCase);
  const bare = (all: Outputs): Outputs => changed(all, sessions, (records) => records.map(withoutHeaders));
  const tables = topicsOfTables(testCase);
  const needed = (all: Outputs): Outputs => changed(all, tables, needlessOptional);
  if (sessions.size > 0 && same(bare(outputs), bare(actual.outputs)))
    return 'but for the headers of sessions';
  if (tables.size > 0 && same(needed(outputs))) return 'but for tombstones of rows that were not there';
  return undefined;
}

function changed(
  outputs: Outputs,
  topics: ReadonlySet<string>,
  change: (records: readonly Output[]) => Output[],
): Outputs {
  const all = Object.entries(outputs);
  return Object.fromEntries(
    all.map(([topic, records]) => [topic, topics.has(topic) ? change(records) : records]),
  );
}

/** Results of sessions come without the headers of the record that caused them, unlike those of all other windows. */
function topicsOfSessions(testCase: Case): Set<string> {
  const sessions = testCase.topology.filter(({ window }) => window?.type === 'session').map(({ id }) => id);
  const ends = behind(testCase, sessions).filter(({ op }) => op === 'to');
  return new Set(ends.map(({ topic }) => topic));
}

const withoutHeaders = ({ headers: _, ...record }: Output): Output => record;

/** To which a table is written under other keys: the format lets needless tombstones be missing only under its own. */
function topicsOfTables({ topology }: Case): Set<string> {
  const streams = new Set(topology.filter(({ op }) => op === 'toStream').map(({ id }) => id));
  const ends = topology.filter(({ op, in: ids }) => op === 'to' && streams.has(ids![0]!));
  return new Set(ends.map(({ topic }) => topic));
}

function needlessOptional(records: readonly Output[]): Output[] {
  const there = new Set<string>();
  return records.map((record) => {
    const key = JSON.stringify([record.key, record.window]);
    if (record.value !== null) there.add(key);
    else if (!there.delete(key)) return { ...record, optional: true };
    return record;
  });
}
