import { addCounts, type Counts, countCheck } from './counts.ts';

export interface Step {
  readonly title: string;
  /** Why this step cannot run on this machine; undefined where it can. */
  readonly missing?: () => string | undefined;
  run(): Promise<Counts>;
}

export interface StepsOptions {
  /** Nobody reads notices here: a step that cannot run is a failure. */
  readonly strict: boolean;
  readonly log: (line: string) => void;
}

interface Result {
  readonly counts: Counts;
  readonly notice?: string;
}

const nothing: Counts = { passed: 0, failed: 0, skipped: 0 };

/** Runs every step, whether or not an earlier one failed or threw, then says what came of each; gives the sum. */
export async function runSteps(steps: readonly Step[], { strict, log }: StepsOptions): Promise<Counts> {
  const all: Counts[] = [];
  const lines: string[] = [];
  const notices: string[] = [];
  for (const step of steps) {
    log(`\n== ${step.title}`);
    const start = performance.now();
    const { counts, notice } = await attempt(step, strict, log);
    all.push(counts);
    lines.push(
      `${step.title.padEnd(20)} ${inWords(counts)} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
    );
    if (notice !== undefined) notices.push(`NOTICE: ${step.title}: ${notice}`);
  }
  log('');
  for (const line of [...lines, ...notices]) log(line);
  return addCounts(all);
}

async function attempt(step: Step, strict: boolean, log: (line: string) => void): Promise<Result> {
  try {
    const missing = step.missing?.();
    if (missing !== undefined) {
      return { counts: strict ? countCheck(false) : nothing, notice: `not run. ${missing}` };
    }
    const counts = await step.run();
    if (counts.passed + counts.failed > 0) return { counts };
    return { counts: strict ? countCheck(false) : counts, notice: 'nothing ran; its output above says why' };
  } catch (error) {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return { counts: countCheck(false) };
  }
}

function inWords({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
