import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { supervise } from '../../src/index.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Evictor } from '../../src/runtime/evictor.ts';
import type { SupervisorEvent } from '../../src/runtime/supervise.ts';
import { ProcessSupervisor, type SupervisorParts } from '../../src/runtime/supervisor.ts';
import { failure } from '../dsl/failure.ts';
import { eventually } from '../kit/eventually.ts';

const children = join(import.meta.dirname, 'children');
const source = '--conditions=millrace:source';
const patience = { timeout: 60_000 };

interface Scene {
  readonly supervisor: ProcessSupervisor;
  readonly events: SupervisorEvent[];
  readonly evicted: string[];
  of(kind: SupervisorEvent['kind']): SupervisorEvent[];
}

/** Workers that live as they are told, and a group that notes who is taken out of it. */
function scene(life: string, options: Partial<SupervisorParts> = {}): Scene {
  const evicted: string[] = [];
  const evictor: Evictor = {
    prepare() {},
    async evict({ group, memberId, instanceId }) {
      evicted.push(`${instanceId ?? memberId} of ${group}`);
    },
    async close() {},
  };
  const supervisor = new ProcessSupervisor({
    command: process.execPath,
    args: [source, join(children, 'fakeWorker.child.ts'), life],
    workers: 2,
    mostDeaths: 3,
    stopTimeoutMs: 20_000,
    steadyAfterMs: 60_000,
    evictor,
    log() {},
    clock: systemClock,
    ...options,
  });
  onTestFinished(async () => supervisor.stop());
  const events: SupervisorEvent[] = [];
  supervisor.events.subscribe((event) => events.push(event));
  return { supervisor, events, evicted, of: (kind) => events.filter((event) => event.kind === kind) };
}

const happens = (condition: () => boolean) => eventually(systemClock, condition, 30_000);

describe('ProcessSupervisor', () => {
  it('leaves for a worker that was killed, at once, and starts it again', patience, async () => {
    const { supervisor, evicted, of } = scene('steady');
    supervisor.start();
    await happens(() => of('joined').length === 2);
    const [first, second] = supervisor.pids;
    process.kill(first!, 'SIGKILL');
    await happens(() => of('joined').length === 3);
    expect(of('died')).toMatchObject([{ worker: 0, pid: first, detail: 'SIGKILL' }]);
    expect(evicted).toEqual([`member-${first} of shop`]);
    expect(of('evicted')).toMatchObject([{ worker: 0, pid: first, detail: 'shop' }]);
    expect(supervisor.pids[1]).toBe(second);
    expect(supervisor.pids[0]).not.toBe(first);
    await supervisor.stop();
    await supervisor.ended;
    expect(of('ended').map(({ worker }) => worker)).toHaveLength(2);
    expect(evicted).toHaveLength(1); // who ends by itself leaves by itself
  });

  it('leaves the place of a static member to its successor', patience, async () => {
    process.env['MILLRACE_INSTANCE_ID'] = 'pod';
    onTestFinished(() => void delete process.env['MILLRACE_INSTANCE_ID']);
    const { supervisor, evicted, of } = scene('steady');
    supervisor.start();
    await happens(() => of('joined').length === 2);
    process.kill(supervisor.pids[0]!, 'SIGKILL');
    await happens(() => of('joined').length === 3);
    expect(evicted).toEqual([]);
  });

  it('does nothing for a worker that has told nothing but to start it again', patience, async () => {
    const { supervisor, evicted, of } = scene('silent');
    supervisor.start();
    await happens(() => of('started').length === 2);
    process.kill(supervisor.pids[1]!, 'SIGKILL');
    await happens(() => of('started').length === 3);
    expect([evicted, of('evicted'), of('notEvicted')]).toEqual([[], [], []]);
  });

  it('tells when it could not leave, and goes on', patience, async () => {
    const evictor: Evictor = {
      prepare() {},
      evict: () => Promise.reject(new Error('nobody answers')),
      async close() {},
    };
    const { supervisor, of } = scene('steady', { evictor });
    supervisor.start();
    await happens(() => of('joined').length === 2);
    process.kill(supervisor.pids[0]!, 'SIGKILL');
    await happens(() => of('joined').length === 3);
    expect(of('notEvicted')[0]?.detail).toContain('nobody answers');
  });

  it('gives up a worker that dies again and again, and stops the others', patience, async () => {
    const { supervisor, of } = scene('dies if first');
    const ended = supervisor.ended.catch((error: unknown) => error);
    const begun = systemClock.monotonic();
    supervisor.start();
    const error = (await ended) as Error;
    expect(error).toMatchObject({ code: 'WORKER_FAILED' });
    expect(error.message).toContain('worker 0 has died 3 times in a row');
    expect(error.message).toContain('exit code 3');
    expect(of('died')).toHaveLength(3);
    expect(of('ended')).toMatchObject([{ worker: 1 }]);
    expect(systemClock.monotonic() - begun).toBeGreaterThan(50 + 100); // at least half of 100 ms and of 200
  });

  it('does not count the deaths of workers that had worked for a while', patience, async () => {
    const { supervisor, of } = scene('steady', { steadyAfterMs: 1, mostDeaths: 2, workers: 1 });
    supervisor.start();
    for (let round = 1; round <= 3; round++) {
      await happens(() => of('joined').length === round);
      process.kill(supervisor.pids[0]!, 'SIGKILL');
    }
    await happens(() => of('joined').length === 4);
  });

  it('fails when there is no such program', patience, async () => {
    const { supervisor, of } = scene('', { command: join(children, 'missing'), mostDeaths: 2 });
    const ended = supervisor.ended.catch((error: unknown) => error);
    supervisor.start();
    expect(await ended).toMatchObject({ code: 'WORKER_FAILED' });
    expect(of('died')[0]?.detail).toContain('ENOENT');
  });

  it('ends when all workers are done', patience, async () => {
    const { supervisor, of } = scene('done');
    supervisor.start();
    await supervisor.ended;
    expect([of('started').length, of('ended').length, of('died').length]).toEqual([2, 2, 0]);
  });

  it('kills workers that do not stop in time, and leaves for them', patience, async () => {
    const { supervisor, evicted, of } = scene('stubborn', { stopTimeoutMs: 300 });
    supervisor.start();
    await happens(() => of('joined').length === 2);
    await supervisor.stop();
    expect(of('died').map(({ detail }) => detail)).toEqual(['SIGKILL', 'SIGKILL']);
    expect(evicted).toHaveLength(2);
  });
});

interface Main {
  readonly process: ChildProcess;
  said(): string;
  readonly exited: Promise<number | null>;
}

function main(life: string): Main {
  const child = spawn(process.execPath, [source, join(children, 'supervisor.child.ts'), life], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MILLRACE_BROKERS: '127.0.0.1:1', LOUD: 'yes' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { process: child, said: () => said, exited };
}

describe('supervise', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'passes output through, and %s on, once',
    patience,
    async (signal) => {
      const { process: child, said, exited } = main('steady');
      await happens(() => said().match(/worker \d .*joined/g)?.length === 2);
      expect(said()).toContain('worker 0 lives');
      expect(said()).toContain('worker 1 lives');
      child.kill(signal);
      expect(await exited).toBe(0);
      expect(said().match(new RegExp(`got ${signal}`, 'g'))).toHaveLength(2);
      expect(said()).toContain('all ended');
    },
  );

  it('ends everything at once at the second signal', patience, async () => {
    const { process: child, said, exited } = main('stubborn');
    await happens(() => said().match(/worker \d .*joined/g)?.length === 2);
    child.kill('SIGTERM');
    await happens(() => said().match(/got SIGTERM/g)?.length === 2);
    child.kill('SIGTERM');
    expect(await exited).toBe(130);
    expect(said()).not.toContain('all ended');
  });

  it.each([
    [{ workers: 2 }, 'neither'],
    [{ workers: 2, file: 'a.ts', command: ['node'] }, 'both'],
    [{ workers: 0, file: 'a.ts' }, 'whole number'],
    [{ workers: 1, file: 'a.ts', mostDeaths: 0.5 }, 'whole number'],
  ])('refuses %o', (options, found) => {
    const error = failure(() => supervise(options as never)) as Error;
    expect(error).toMatchObject({ code: 'INVALID_SETTING' });
    expect(error.message).toContain(found);
  });

  it('refuses an option that does not exist', () => {
    expect(failure(() => supervise({ worker: 2, file: 'a.ts' } as never))).toMatchObject({
      code: 'UNKNOWN_SETTING',
    });
  });
});
