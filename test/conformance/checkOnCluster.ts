import { type Verdict, verdictOf } from './checkCase.ts';
import { compareCase } from './compareCase.ts';
import type { Case, Output, Outputs } from './format.ts';
import { NotSupported } from './notSupported.ts';
import type { Actual } from './runCase.ts';
import { type ClusterRun, runOnCluster } from './runOnCluster.ts';

export interface ClusterVerdict {
  readonly verdict: Verdict;
  /** The same as on one partition, as Kafka Streams has it. Else time that is every partition's own makes a difference. */
  readonly asOnOnePartition: boolean;
}

/**
 * On one partition everything must be as Kafka Streams has it. On several, what one instance makes of the case without trouble is
 * the measure: the same tables and, for each key, the same sequence. Cases that move the wall clock are 'not supported': in
 * a cluster time passes all the time.
 */
export async function checkOnCluster(testCase: Case, run: ClusterRun): Promise<ClusterVerdict> {
  if (testCase.inputs.some((input) => !('topic' in input))) {
    return { verdict: { is: 'not supported', what: 'moving the wall clock' }, asOnOnePartition: false };
  }
  try {
    const actual = await runOnCluster(testCase, run);
    if (run.partitions === 1) return { verdict: verdictOf(testCase, actual), asOnOnePartition: true };
    const measure = await runOnCluster(testCase, { ...run, instances: 1, crash: false });
    const wanted = { ...testCase, compare: 'exact', expected: perKey(measure, testCase) } as const;
    const differences = compareCase(wanted, inOrderOfKeys(actual));
    const verdict: Verdict = differences.length === 0 ? { is: 'passed' } : { is: 'failed', differences };
    const { expected } = testCase;
    const onOne = { ...testCase, expected: { ...expected, outputs: byKey(expected.outputs ?? {}) } };
    return { verdict, asOnOnePartition: compareCase(onOne, inOrderOfKeys(measure)).length === 0 };
  } catch (error) {
    if (!(error instanceof NotSupported)) throw error;
    return { verdict: { is: 'not supported', what: error.what }, asOnOnePartition: false };
  }
}

function perKey({ outputs, stores, error }: Actual, { expected }: Case): Case['expected'] {
  const contents = Object.entries(stores).map(([name, entries]) => [
    name,
    { kind: expected.stores?.[name]?.kind, entries },
  ]);
  return {
    outputs: byKey(outputs),
    stores: Object.fromEntries(contents),
    ...(error !== undefined && { error }),
  };
}

const inOrderOfKeys = (actual: Actual): Actual => ({ ...actual, outputs: byKey(actual.outputs) });

/**
 * Between keys there is no order, nor among records without one, which go anywhere. Steps stay: what a record causes is there
 * before the next one comes.
 */
function byKey(outputs: Outputs): Record<string, Output[]> {
  const place = ({ key, step, value }: Output): string =>
    key === null ? `null ${step} ${value}` : String(key);
  const sorted = (records: readonly Output[]): Output[] =>
    [...records].sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
  return Object.fromEntries(Object.entries(outputs).map(([topic, records]) => [topic, sorted(records)]));
}
