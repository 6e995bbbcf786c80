import { parseArgs } from 'node:util';
import { checkCase } from './checkCase.ts';
import { readCases } from './readCases.ts';

/**
 * npm run conformance -- FOLDER [--supported] [--restarts]
 *
 * Runs every case of a folder (the oracle's format) through the public DSL and the test driver and tells what differs. Cases that
 * need what millrace does not have yet count as failed, or not at all with --supported. --restarts: stop and start anew
 * after every step, with a timer of the wall clock only where that begins another of its intervals.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { supported: { type: 'boolean', default: false }, restarts: { type: 'boolean', default: false } },
});
const [folder] = positionals;
if (folder === undefined || positionals.length > 1) {
  console.error('usage: npm run conformance -- FOLDER [--supported] [--restarts]');
  process.exit(2);
}
const cases = readCases(folder);
if (cases.length === 0) {
  console.error(`${folder} holds no cases: *.json or *.jsonl`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
const missing = new Map<string, string[]>();
for (const testCase of cases) {
  const verdict = checkCase(testCase, { restarts: values.restarts });
  if (verdict.is === 'not supported') {
    missing.set(verdict.what, [...(missing.get(verdict.what) ?? []), testCase.name]);
    if (!values.supported) failed++;
    continue;
  }
  if (verdict.is === 'failed') failed++;
  else passed++;
  if (verdict.is === 'passed') continue;
  const title = verdict.is === 'failed' ? 'FAILED' : 'differs, which is no failure:';
  console.log(`${title} ${testCase.name} (${testCase.area})`);
  if (verdict.is === 'differs') console.log(`  ${verdict.why}`);
  for (const line of verdict.differences) console.log(`  ${line}`);
}
for (const [what, names] of [...missing].sort(([a], [b]) => a.localeCompare(b))) {
  console.log(`not supported: ${what}: ${names.join(', ')}`);
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
