import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type App, type AppState, app, type EmbeddedBroker, type SettingOptions, type Sink } from 'millrace';

/** One of the workers of the demo, in this process or in its own. */
export interface DemoWorker {
  readonly state: AppState | 'killed';
  /** Records of its state that were read back from changelogs. */
  readonly restored: number;
  /** Rejects when it fails; never resolves. */
  readonly failed: Promise<never>;
  /** Resolves when it is running. */
  start(): Promise<void>;
  /** As SIGKILL does: nothing is finished, nobody is told. */
  kill(): Promise<void>;
  /** Finishes what it is at, commits, leaves. */
  stop(): Promise<void>;
}

export interface WorkerOptions extends SettingOptions {
  readonly id: string;
  readonly sinks: readonly Sink[];
  readonly broker: EmbeddedBroker;
}

export function embeddedWorker({ id, ...options }: WorkerOptions): DemoWorker {
  const instance: App = app(id, options);
  const failed = Promise.withResolvers<never>();
  let isKilled = false;
  let restored = 0;
  instance.closed.catch(failed.reject);
  failed.promise.catch(() => {}); // whoever waits for something else races against it
  const perTask = new Map<string, number>();
  instance.restores.subscribe((progress) => {
    perTask.set(progress.task, progress.restored);
    restored = [...perTask.values()].reduce((sum, count) => sum + count, 0);
  });
  return {
    failed: failed.promise,
    get state() {
      return isKilled ? 'killed' : instance.state;
    },
    get restored() {
      return restored;
    },
    start: () => instance.start(),
    async kill() {
      isKilled = true;
      await instance.crash();
    },
    stop: () => instance.stop(),
  };
}

/** What a worker process is told, in MODONG_WORKER. */
export interface ProcessOptions {
  readonly id: string;
  readonly brokers: string;
  readonly prefix: string;
  readonly grace: number;
  readonly stateDir: string;
}

/** What it tells. */
export interface Report {
  readonly state: AppState;
  readonly restored: number;
}

const program = join(import.meta.dirname, '..', 'worker.ts');

export function processWorker(options: ProcessOptions): DemoWorker {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // whoever waits for something else races against it
  const running = Promise.withResolvers<void>();
  let child: ChildProcess | undefined;
  let report: Report = { state: 'created', restored: 0 };
  let isKilled = false;
  let isStopping = false;
  const end = async (how: (child: ChildProcess) => void): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    how(child);
    await ended;
  };
  return {
    failed: failed.promise,
    get state() {
      return isKilled ? 'killed' : report.state;
    },
    get restored() {
      return report.restored;
    },
    start() {
      child = fork(program, { env: { ...process.env, MODONG_WORKER: JSON.stringify(options) } });
      child.on('message', (message) => {
        report = message as Report;
        if (report.state === 'running') running.resolve();
      });
      child.on('exit', (code, signal) => {
        if (!isKilled && !(isStopping && code === 0))
          failed.reject(new Error(`A worker ended: ${signal ?? code}`));
      });
      return Promise.race([running.promise, failed.promise]);
    },
    kill() {
      isKilled = true;
      return end((it) => it.kill('SIGKILL'));
    },
    async stop() {
      if (isKilled) return;
      isStopping = true;
      await Promise.race([end((it) => it.disconnect()), failed.promise]);
    },
  };
}
