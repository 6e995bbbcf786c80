import { compareCase, compareFinal } from './compareCase.ts';
import type { Case } from './format.ts';
import { NotSupported } from './notSupported.ts';
import { type RunOptions, runCase } from './runCase.ts';

export type Verdict =
  | { readonly is: 'passed' }
  /** Kafka Streams does something questionable here: a difference is told, but is no failure. */
  | { readonly is: 'differs'; readonly why: string; readonly differences: readonly string[] }
  | { readonly is: 'failed'; readonly differences: readonly string[] }
  | { readonly is: 'not supported'; readonly what: string };

export function checkCase(testCase: Case, options?: RunOptions): Verdict {
  try {
    const { quirk, expected } = testCase;
    const differences = compareCase(testCase, runCase(testCase, options));
    if (expected.cachedFinal !== undefined)
      differences.push(...compareFinal(testCase, runCase(testCase, { ...options, cached: true })));
    if (differences.length === 0) return { is: 'passed' };
    const why =
      quirk ?? (expected.retentionSensitive ? 'Depends on the retention of a windowed store.' : undefined);
    return why === undefined ? { is: 'failed', differences } : { is: 'differs', why, differences };
  } catch (error) {
    if (error instanceof NotSupported) return { is: 'not supported', what: error.what };
    return {
      is: 'failed',
      differences: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
    };
  }
}
