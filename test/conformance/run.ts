import { parseArgs } from 'node:util';
import { checkCase, type Verdict } from './checkCase.ts';
import { checkOnCluster } from './checkOnCluster.ts';
import type { Case } from './format.ts';
import { readCases } from './readCases.ts';
import { Tally } from './tally.ts';

/**
 * npm run conformance -- FOLDER [--supported] [--restarts]
 * npm run conformance -- FOLDER --partitions=3 --instances=2 [--crash] [--seed=1]
 *
 * Runs every case of a folder (the oracle's format) through the public DSL and the test driver and tells what differs. Cases that
 * need what millrace does not have yet count as failed, or not at all with --supported. --restarts: stop and start anew
 * after every step, with a timer of the wall clock only where that begins another of its intervals. --partitions: on a cluster,
 * where one instance is killed at some call in some step with --crash.
 */
const usage = `usage: npm run conformance -- FOLDER [--supported] [--restarts]
       npm run conformance -- FOLDER --partitions=3 --instances=2 [--crash] [--seed=1]`;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    supported: { type: 'boolean', default: false },
    restarts: { type: 'boolean', default: false },
    partitions: { type: 'string' },
    instances: { type: 'string', default: '2' },
    crash: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});
const [folder] = positionals;
if (folder === undefined || positionals.length > 1) {
  console.error(usage);
  process.exit(2);
}
const cases = readCases(folder);
if (cases.length === 0) {
  console.error(`${folder} holds no cases: *.json or *.jsonl`);
  process.exit(2);
}

const tally = new Tally(values.supported);
let asOnOne = 0;
for (const [index, testCase] of cases.entries()) {
  const verdict =
    values.partitions === undefined
      ? checkCase(testCase, { restarts: values.restarts })
      : await onCluster(testCase, Number(values.partitions), index);
  tally.add(testCase, verdict);
}
if (values.partitions !== undefined && values.partitions !== '1') {
  console.log(
    `${asOnOne} cases come out on ${values.partitions} partitions as on one; in the others time is not shared`,
  );
}
console.log(tally.end());
if (tally.failed > 0) process.exitCode = 1;

async function onCluster(testCase: Case, partitions: number, index: number): Promise<Verdict> {
  const { crash, instances, seed } = values;
  const run = { partitions, instances: Number(instances), crash, seed: Number(seed) + index };
  const { verdict, asOnOnePartition } = await checkOnCluster(testCase, run);
  if (asOnOnePartition) asOnOne++;
  return verdict;
}
