import { writeFileSync } from 'node:fs';
import { addCounts, type Counts, countCheck } from './counts.ts';
import { type Step, steps } from './steps.ts';

/*
 * npm test: every step, whether or not an earlier one failed, then a table and `N passed, N failed`. The same line goes to
 * the file MILLRACE_TEST_SUMMARY names, at the very end, so that its absence means that this program crashed.
 */
const results: { title: string; counts: Counts; seconds: number }[] = [];
const notices: string[] = [];

for (const step of steps) {
  console.log(`\n== ${step.title}`);
  const start = performance.now();
  const counts = await attempt(step);
  results.push({ title: step.title, counts, seconds: (performance.now() - start) / 1000 });
}

const total = addCounts(results.map((result) => result.counts));
console.log('');
for (const { title, counts, seconds } of results) {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(
    `${title.padEnd(20)} ${counts.passed} passed, ${counts.failed} failed${skipped} (${seconds.toFixed(1)} s)`,
  );
}
for (const notice of notices) console.log(`NOTICE: ${notice}`);
const summary = `${total.passed} passed, ${total.failed} failed`;
console.log(summary);
process.exitCode = total.failed === 0 ? 0 : 1;
const file = process.env['MILLRACE_TEST_SUMMARY'];
if (file) writeFileSync(file, `${summary}\n`);

async function attempt(step: Step): Promise<Counts> {
  try {
    const missing = step.missing?.();
    if (missing === undefined) return noticeSkips(step, await step.run());
    notices.push(`${step.title}: not run. ${missing}`);
    // Where nobody reads notices, a suite that cannot run is a failure.
    return process.env['CI'] ? countCheck(false) : { passed: 0, failed: 0, skipped: 0 };
  } catch (error) {
    console.error(error);
    return countCheck(false);
  }
}

function noticeSkips(step: Step, counts: Counts): Counts {
  if (counts.passed + counts.failed === 0) notices.push(`${step.title}: nothing ran; see the notice above`);
  return counts;
}
