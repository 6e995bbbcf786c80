import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { AppState, RestoreProgress, StandbyProgress } from '../../src/index.ts';
import { systemClock } from '../../src/runtime/clock.ts';

/** What it says over Node's channel beside 'done'. */
interface Told {
  readonly standby?: StandbyProgress;
  readonly restore?: RestoreProgress;
}

/**
 * A worker in a process of its own, which signals end as they would end it in production. The program is told the options
 * as JSON in its only argument, and says on stdout what state it is in.
 */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #states: AppState[] = [];
  /** ms on the monotonic clock of this process when each was told. */
  readonly statesAt: number[] = [];
  /** The last it has told of each task that it follows. */
  readonly standbys: Map<string, StandbyProgress> = new Map();
  readonly restores: RestoreProgress[] = [];
  #unblocked: (() => void) | undefined;
  #said = '';
  /** The signal that the test has sent to end it. */
  #asked: NodeJS.Signals | undefined;

  constructor(program: string, options: object) {
    this.#child = spawn(
      process.execPath,
      ['--conditions=millrace:source', program, JSON.stringify(options)],
      { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    const { stdout, stderr } = this.#child;
    createInterface({ input: stdout! }).on('line', (line) => {
      this.#states.push(line as AppState);
      this.statesAt.push(systemClock.monotonic());
    });
    this.#child.on('message', (message: Told | 'done') => {
      if (message === 'done') return this.#unblocked?.();
      if (message.standby !== undefined) this.standbys.set(message.standby.task, message.standby);
      if (message.restore !== undefined) this.restores.push(message.restore);
    });
    stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  /** All it has been in. Throws when it has ended other than by a signal it was sent. */
  get states(): readonly AppState[] {
    const { exitCode, signalCode, pid } = this.#child;
    const ended = exitCode !== null || signalCode !== null;
    const asWished = this.#asked === 'SIGTERM' ? exitCode === 0 : this.#asked === signalCode;
    if (ended && !asWished) {
      throw new Error(`worker ${pid} ended with ${exitCode ?? signalCode}:\n${this.#said}`);
    }
    return this.#states;
  }

  get state(): AppState | undefined {
    return this.states.at(-1);
  }

  /** What it has written to stderr. */
  get said(): string {
    return this.#said;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Blocks its event loop for so many of its sessions; resolves when it goes on. */
  async block(sessions: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#unblocked = resolve;
    this.#child.send(sessions);
    await promise;
  }

  /** SIGKILL and SIGTERM: resolves when it has ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    void this.state;
    const ending = signal === 'SIGKILL' || signal === 'SIGTERM';
    if (ending) this.#asked = signal;
    this.#child.kill(signal);
    if (!ending) return;
    await this.#ended;
    void this.state;
  }
  /** Nothing is left of it when this resolves, whatever became of it before. */
  async remove(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
