import { compareCase, compareFinal } from './compareCase.ts';
import type { Case } from './format.ts';
import { NotSupported } from './notSupported.ts';
import { type Actual, type RunOptions, runCase } from './runCase.ts';

export type Verdict =
  | { readonly is: 'passed' }
  /** Kafka Streams does something questionable here: a difference is told, but is no failure. */
  | { readonly is: 'differs'; readonly why: string; readonly differences: readonly string[] }
  | { readonly is: 'failed'; readonly differences: readonly string[] }
  | { readonly is: 'not supported'; readonly what: string };

export function checkCase(testCase: Case, options?: RunOptions): Verdict {
  try {
    const actual = runCase(testCase, options);
    const cached = testCase.expected.cachedFinal && runCase(testCase, { ...options, cached: true });
    return verdictOf(testCase, actual, cached);
  } catch (error) {
    if (error instanceof NotSupported) return { is: 'not supported', what: error.what };
    return {
      is: 'failed',
      differences: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
    };
  }
}

/** `cached`: of a run that merges updates, where the case says what is to come of that. */
export function verdictOf(testCase: Case, actual: Actual, cached?: Actual): Verdict {
  const differences = compareCase(testCase, actual);
  if (cached !== undefined) differences.push(...compareFinal(testCase, cached));
  if (differences.length === 0) return { is: 'passed' };
  const { quirk, expected } = testCase;
  const why =
    quirk ?? (expected.retentionSensitive ? 'Depends on the retention of a windowed store.' : undefined);
  return why === undefined ? { is: 'failed', differences } : { is: 'differs', why, differences };
}
