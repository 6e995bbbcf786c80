import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { eventually } from '../kit/eventually.ts';
import { brokenGuarantee, numbersByKey } from '../kit/guardedJob.ts';
import { javaMissing, shortestSession } from './brokers.ts';
import { type GuardedRun, guardedRun } from './guardedRun.ts';
import type { WorkerProcess } from './workerProcess.ts';

const tasksWithState = 6;
const rounds = 3;
/** Offsets of a changelog that one commit may take, with its markers: what was under way when the worker was killed. */
const oneCommit = 60;

/** The tasks a worker follows of which it has nothing left to apply, as it has told. */
const followed = (worker: WorkerProcess): string[] =>
  [...worker.standbys.values()].filter(({ lag }) => lag === 0).map(({ task }) => task);

async function protectedBy(workers: readonly WorkerProcess[]): Promise<void> {
  await eventually(
    systemClock,
    () => new Set(workers.flatMap(followed)).size === tasksWithState && workers.every(isRunning),
    60_000,
  );
}

const isRunning = ({ state }: WorkerProcess): boolean => state === 'running';

/** Kills a worker, and gives how long the other took from its assignment to work, and what it had to restore. */
async function promoted(killed: WorkerProcess, other: WorkerProcess) {
  const states = other.states.length;
  const restores = other.restores.length;
  await killed.kill('SIGKILL');
  await eventually(
    systemClock,
    () => other.states.lastIndexOf('running') >= states,
    shortestSession + 30_000,
  );
  const [assigned, running] = ['restoring', 'running'].map((state) => {
    const index = other.states.lastIndexOf(state as never);
    return other.statesAt[index]!;
  });
  const restored = Math.max(0, ...other.restores.slice(restores).map(({ total }) => total));
  return { ms: running! - assigned!, restored };
}

async function outputsOf(run: GuardedRun): Promise<Map<string, number[]>> {
  const outputs = [...(await run.committed(run.job.numbers)), ...(await run.committed(run.job.items))];
  return numbersByKey(
    outputs.map(({ key, value }) => ({ key, value: value === null ? null : Number(value) })),
  );
}

describe.skipIf(javaMissing)('a standby on Kafka', () => {
  it('F2 goes on where the worker of its task was killed, without a replay beyond its lag; nothing is lost or doubled', {
    timeout: 300_000,
  }, async () => {
    const run = await guardedRun({ standbyReplicas: 1 });
    const names = ['one', 'two'] as const;
    const workers = { one: run.worker('one'), two: run.worker('two') };
    await run.feed(3_000);
    await run.drained();
    const stop = run.feedOn(300);
    const measured: { ms: number; restored: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      await protectedBy(Object.values(workers));
      const [victim, survivor] = round % 2 === 0 ? names : ([names[1], names[0]] as const);
      measured.push(await promoted(workers[victim], workers[survivor]));
      workers[victim] = run.worker(victim);
    }
    await protectedBy(Object.values(workers));
    await stop();
    await run.drained();
    await Promise.all(Object.values(workers).map((worker) => worker.kill('SIGTERM')));
    console.log(JSON.stringify({ promotions: measured }));
    for (const { ms, restored } of measured) {
      expect(restored).toBeLessThanOrEqual(oneCommit);
      expect(ms).toBeLessThan(2_000); // the goal is 300; others use this machine
    }
    expect(brokenGuarantee('exactly-once', run.fed, await outputsOf(run))).toEqual([]);
  });
});
