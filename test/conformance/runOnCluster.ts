import { type Cluster, driveCluster, type Injection } from 'millrace/testing';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import { describeCase } from './describeCase.ts';
import type { Case, CaseError, Output } from './format.ts';
import { NotSupported } from './notSupported.ts';
import { type Actual, leadsNowhere, output, recordOf, storesOf } from './runCase.ts';

export interface ClusterRun {
  readonly partitions: number;
  readonly instances: number;
  /** Chooses the turns of the instances, and what call of the one that is killed is its last. */
  readonly seed: number;
  readonly crash: boolean;
}

/** Calls to the broker while a record is processed by one instance or another. */
const callsOfStep = 12;

/** Runs a case on several partitions and instances; with `crash`, one of them is killed at some call in some step. */
export async function runOnCluster(testCase: Case, { seed, crash, ...options }: ClusterRun): Promise<Actual> {
  const random = seededRandom(seed);
  const struck = crash ? Math.floor(random() * testCase.inputs.length) : undefined;
  const outputs: Record<string, Output[]> = {};
  for (const { op, topic } of testCase.topology) if (op === 'to') outputs[topic] = [];
  let at: CaseError = { phase: 'build' };
  let cluster: Cluster | undefined;
  try {
    cluster = await driveCluster(describeCase(testCase), { ...options, seed });
    for (const [step, input] of testCase.inputs.entries()) {
      at = { phase: 'run', step };
      if (step === struck) cluster.inject(lastCall(random));
      if ('advanceWallClock' in input) await cluster.advance(input.advanceWallClock);
      else {
        await cluster.send(input.topic, recordOf(input)).catch((error: unknown) => {
          if (!leadsNowhere(error)) throw error;
        });
      }
      await cluster.settle();
      for (const [topic, records] of Object.entries(outputs)) {
        records.push(...(await cluster.read(topic)).map((record) => output(step, record)));
      }
    }
    // The history that a versioned store shows depends on stream time, which every partition has of its own.
    const versions = options.partitions > 1 ? 'as rows' : 'as history';
    return { outputs, stores: storesOf(cluster, testCase, outputs, versions) };
  } catch (error) {
    if (error instanceof NotSupported) throw error;
    return { outputs, stores: {}, error: { ...at, message: String(error) } };
  } finally {
    await cluster?.close();
  }
}

const lastCall = (random: () => number): Injection => ({
  nth: 1 + Math.floor(random() * callsOfStep),
  fault: random() < 0.5 ? 'crash-before' : 'crash-after',
});
