import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SupervisorEvent, supervise } from '../../src/index.ts';
import { delay, systemClock } from '../../src/runtime/clock.ts';
import { eventually } from '../kit/eventually.ts';
import { brokenGuarantee, numbersByKey } from '../kit/guardedJob.ts';
import { tempFolder } from '../kit/tempFolder.ts';
import { brokers, javaMissing } from './brokers.ts';
import { guardedRun } from './guardedRun.ts';

/** ms: what moves before that has not waited for a session to end. */
const longSession = 60_000;

describe.skipIf(javaMissing)('supervise, on Kafka', () => {
  it('moves the tasks of workers that are killed long before their sessions end; nothing is lost or doubled', {
    timeout: 300_000,
  }, async () => {
    const settings = { sessionTimeout: longSession, heartbeatInterval: 300 } as const;
    const run = await guardedRun(settings);
    const witness = run.worker('witness');
    const stateDir = join(tempFolder(), 'supervised');
    const options = { ...settings, id: run.id, prefix: run.prefix, brokers, stateDir };
    const file = join(import.meta.dirname, 'worker.child.ts');
    const supervisor = supervise({
      command: [process.execPath, '--conditions=millrace:source', file, JSON.stringify(options)],
      workers: 2,
      brokers,
      steadyAfter: 1,
      log() {},
    });
    onTestFinished(async () => supervisor.stop());
    const events: SupervisorEvent[] = [];
    supervisor.events.subscribe((event) => events.push(event));
    const joins = (pid: number | undefined) =>
      events.some((event) => event.kind === 'joined' && event.pid === pid);
    const allJoined = () => supervisor.pids.every((pid) => pid !== undefined && joins(pid));
    supervisor.start();
    await eventually(systemClock, () => allJoined() && witness.state === 'running', 60_000);
    const stop = run.feedOn(300);
    for (let kill = 0; kill < 3; kill++) {
      await eventually(systemClock, () => allJoined() && witness.state === 'running', longSession - 10_000);
      await delay(systemClock, 300 + kill * 50);
      process.kill(supervisor.pids[kill % 2]!, 'SIGKILL');
      await eventually(
        systemClock,
        () => events.filter(({ kind }) => kind === 'evicted').length === kill + 1,
      );
    }
    await eventually(systemClock, () => allJoined() && witness.state === 'running', longSession - 10_000);
    await stop();
    await run.drained();
    await supervisor.stop();
    await witness.kill('SIGTERM');
    expect(events.filter(({ kind }) => kind === 'died')).toHaveLength(3);
    expect(events.filter(({ kind }) => kind === 'notEvicted')).toEqual([]);
    const outputs = [...(await run.committed(run.job.numbers)), ...(await run.committed(run.job.items))];
    const found = numbersByKey(
      outputs.map(({ key, value }) => ({ key, value: value === null ? null : Number(value) })),
    );
    expect(brokenGuarantee('exactly-once', run.fed, found)).toEqual([]);
  });
});

describe.skipIf(javaMissing)('a worker on Kafka', () => {
  it('hands its tasks over when it gets a SIGTERM, long before its session ends', async () => {
    const run = await guardedRun({ sessionTimeout: longSession, heartbeatInterval: 300 });
    const [leaving, staying] = [run.worker('one'), run.worker('two')];
    await eventually(systemClock, () => [leaving, staying].every(({ state }) => state === 'running'), 60_000);
    await run.feed(500);
    const seen = staying.states.length;
    await leaving.kill('SIGTERM');
    await eventually(systemClock, () => staying.states.lastIndexOf('running') >= seen, longSession - 10_000);
    await run.feed(1_000);
    await run.drained();
    await staying.kill('SIGTERM');
  });

  it('comes back to its tasks after a restart under its instanceId; nobody else is disturbed', async () => {
    const run = await guardedRun({ sessionTimeout: longSession, heartbeatInterval: 300 });
    const staying = run.worker('one', { instanceId: 'one' });
    let restarted = run.worker('two', { instanceId: 'two' });
    await eventually(
      systemClock,
      () => [staying, restarted].every(({ state }) => state === 'running'),
      60_000,
    );
    // The first of them was alone for a moment: wait until both have been through the rebalance that this began.
    await run.feed(300);
    await run.drained();
    await eventually(systemClock, () => staying.state === 'running' && restarted.state === 'running');
    const seen = staying.states.length;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await restarted.kill(signal);
      await run.feed(run.fed + 300);
      restarted = run.worker('two', { instanceId: 'two' });
      await eventually(systemClock, () => restarted.state === 'running', longSession - 10_000);
      await run.drained();
    }
    expect(staying.states.slice(seen)).toEqual([]);
    await Promise.all([staying, restarted].map((worker) => worker.kill('SIGTERM')));
  });

  it('that is busy in slices, longer together than its session, keeps its place', async () => {
    const run = await guardedRun({ sessionTimeout: 6_000, heartbeatInterval: 500 });
    const [busy, other] = [run.worker('one'), run.worker('two')];
    await eventually(systemClock, () => [busy, other].every(({ state }) => state === 'running'), 60_000);
    await run.feed(300);
    await run.drained();
    const seen = [busy.states.length, other.states.length];
    for (let slice = 0; slice < 8; slice++) {
      await busy.block(0.3);
      await run.feed(run.fed + 50);
    }
    await run.drained();
    expect([busy.states.length, other.states.length]).toEqual(seen);
    await Promise.all([busy, other].map((worker) => worker.kill('SIGTERM')));
  });

  it('whose event loop is blocked beyond its session is fenced and joins again; nothing is lost or doubled', async () => {
    const run = await guardedRun();
    const [blocked, other] = [run.worker('one'), run.worker('two')];
    await eventually(systemClock, () => [blocked, other].every(({ state }) => state === 'running'), 60_000);
    const stop = run.feedOn(300);
    for (let round = 0; round < 3; round++) {
      const [seen, seenByOther] = [blocked.states.length, other.states.length];
      await blocked.block(2);
      await eventually(systemClock, () => other.states.lastIndexOf('running') >= seenByOther, 60_000);
      await eventually(systemClock, () => blocked.states.lastIndexOf('running') >= seen, 60_000);
    }
    await stop();
    await run.drained();
    await Promise.all([blocked, other].map((worker) => worker.kill('SIGTERM')));
    const outputs = [...(await run.committed(run.job.numbers)), ...(await run.committed(run.job.items))];
    const found = numbersByKey(
      outputs.map(({ key, value }) => ({ key, value: value === null ? null : Number(value) })),
    );
    expect(brokenGuarantee('exactly-once', run.fed, found)).toEqual([]);
  });
});
