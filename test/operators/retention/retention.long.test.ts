import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { topology } from '../../../src/dsl/topology.ts';
import { memoryBackend } from '../../../src/state/memory.ts';
import { sqliteBackend } from '../../../src/state/sqlite.ts';
import { temporaryFolder } from '../../state/temporaryFolder.ts';
import { type Input, type Outcome, Trial } from '../contract/trial.ts';
import { type AgingOperator, agingOperators } from './agingOperators.ts';
import { KeptChangelog } from './keptChangelog.ts';
import { day, sixWeeks } from './weeks.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** Records between two commits: some six hours. */
const perCommit = 50;
/** Bytes. A file that kept six weeks of rows would be several times as large. */
const largestFile = 300_000;

describe.each(agingOperators)(`six weeks of $name (seed ${seed})`, (operator) => {
  const inputs = sixWeeks(operator.topics, seed);

  it('keep few rows in SQLite, and are right to the end', () => {
    const folder = temporaryFolder();
    const backend = sqliteBackend(folder);
    checkResults(operator, inputs, live(operator, inputs, new Trial(operator.sink, () => backend)));
    backend.close();
    expect(statSync(join(folder, 'state.db')).size).toBeLessThan(largestFile);
  });

  it('keep few rows in memory, and leave in changelogs what these need, and little else', () => {
    const stores = topology([operator.sink]).subtopologies.flatMap((piece) => piece.stores);
    const changelog = new KeptChangelog(stores);
    const trial = new Trial(operator.sink, memoryBackend, changelog.append);
    let most = 0;
    const outcome = live(operator, inputs, trial, (now, commits) => {
      changelog.clean(now);
      most = Math.max(most, changelog.records);
      if (commits % 9 === 0) expect(changelog.restored()).toEqual(trial.rows);
    });
    checkResults(operator, inputs, outcome);
    expect(changelog.restored()).toEqual(outcome.rows);
    expect(most).toBeLessThanOrEqual(operator.mostRows(inputs, day));
  });
});

/** Sends all, and looks behind each commit how many rows there are. */
function live(
  { mostRows }: AgingOperator,
  inputs: readonly Input[],
  trial: Trial,
  committed: (now: number, commits: number) => void = () => {},
): Outcome {
  let most = 0;
  let now = 0;
  for (const [index, input] of inputs.entries()) {
    now = Math.max(now, input.timestamp);
    trial.send(input);
    if (index % perCommit > 0) continue;
    trial.do('commit');
    most = Math.max(most, trial.storedRows);
    committed(now, index / perCommit);
  }
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(mostRows(inputs, 0));
  return trial.end();
}

function checkResults(operator: AgingOperator, inputs: readonly Input[], outcome: Outcome): void {
  expect(inputs.length).toBeGreaterThan(7_000);
  if (operator.results === undefined) return;
  const [found, expected] = operator.results(outcome, inputs);
  expect(expected.length).toBeGreaterThan(300);
  expect(found).toEqual(expected);
}
