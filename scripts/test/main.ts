import { writeFileSync } from 'node:fs';
import { runSteps } from './runSteps.ts';
import { steps } from './steps.ts';

/*
 * npm test. The last line goes to the file MILLRACE_TEST_SUMMARY names as well, at the very end: where it is missing, this
 * program crashed.
 */
const { passed, failed } = await runSteps(steps, {
  strict: Boolean(process.env['CI']),
  log: (line) => console.log(line),
});
const summary = `${passed} passed, ${failed} failed`;
console.log(summary);
process.exitCode = failed === 0 ? 0 : 1;
const file = process.env['MILLRACE_TEST_SUMMARY'];
if (file) writeFileSync(file, `${summary}\n`);
