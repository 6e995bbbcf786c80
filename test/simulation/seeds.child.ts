import { parentPort, workerData } from 'node:worker_threads';
import { brokenVariants } from './broken.ts';
import { simulate } from './simulate.ts';

/** Every `step`th seed from `from` on, below `until`; tells each result that matters and how far it is. */
export interface Share {
  readonly from: number;
  readonly until: number;
  readonly step: number;
  readonly variant: string | undefined;
}

// Nobody reads the stacks of the errors that are thrown and caught by the thousand.
Error.stackTraceLimit = 0;

const { from, until, step, variant } = workerData as Share;
const broken = variant === undefined ? undefined : brokenVariants[variant];
for (let seed = from; seed < until; seed += step) {
  parentPort!.postMessage({ begins: seed });
  const simulated = await simulate({ seed, broken });
  parentPort!.postMessage({ done: seed, failed: simulated.violations.length > 0 ? simulated : undefined });
}
