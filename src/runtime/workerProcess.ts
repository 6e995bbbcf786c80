import { type ChildProcess, spawn } from 'node:child_process';
import { isJoined, type Joined } from './supervision.ts';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly onJoined: (joined: Joined) => void;
  /** Once, when it has ended or could not be started; `how`: 'exit code 1', 'SIGKILL', ... */
  readonly onEnded: (how: string, wellDone: boolean) => void;
}

/**
 * One child process. It has a process group of its own, so that Ctrl-C reaches it through its supervisor only, once; its output
 * is this process's output.
 */
export class WorkerProcess {
  readonly #child: ChildProcess;
  /** Its places, by group. */
  readonly joined: Map<string, Joined> = new Map();

  constructor({ command, args, environment, onJoined, onEnded }: ProcessOptions) {
    this.#child = spawn(command, [...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: environment,
      detached: true,
    });
    this.#child.on('message', (message) => {
      if (!isJoined(message)) return;
      this.joined.set(message.group, message);
      onJoined(message);
    });
    this.#child.once('error', (error) => {
      if (this.pid === undefined) onEnded(error.message, false);
    });
    this.#child.once('exit', (exitCode, signal) => {
      this.#killRest();
      onEnded(signal ?? `exit code ${exitCode}`, exitCode === 0);
    });
  }

  /** undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isAlive(): boolean {
    return this.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL ends what it has started as well. */
  kill(signal: NodeJS.Signals): void {
    if (!this.isAlive) return;
    if (signal === 'SIGKILL') this.#killRest();
    this.#child.kill(signal);
  }

  /** A shell or npm between may be gone while the worker still lives: nobody may leave the group for a living member. */
  #killRest(): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
