import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { WorkerProcess } from '../kafka/workerProcess.ts';
import type { WorkerOptions } from './worker.child.ts';

const program = join(import.meta.dirname, 'worker.child.ts');

/** Machines, each with a folder for state, and on each a worker: a process of its own. */
export class Fleet {
  readonly machines: readonly string[];
  readonly #folder: string;
  readonly #options: Omit<WorkerOptions, 'stateDir'>;
  readonly #workers = new Map<string, WorkerProcess>();

  constructor(machines: readonly string[], folder: string, options: Omit<WorkerOptions, 'stateDir'>) {
    this.machines = machines;
    this.#folder = folder;
    this.#options = options;
  }

  start(machine: string): void {
    const options: WorkerOptions = { ...this.#options, stateDir: join(this.#folder, machine) };
    this.#workers.set(machine, new WorkerProcess(program, options));
  }

  at(machine: string): WorkerProcess {
    return this.#workers.get(machine)!;
  }

  /** Throws when one has ended that nobody has ended. */
  check(): void {
    for (const worker of this.#workers.values()) void worker.state;
  }

  /** What each has been in, and has written to stderr. */
  get told(): string {
    return [...this.#workers].map(([machine, { said }]) => `--- worker ${machine}\n${said}`).join('\n');
  }

  /** As when a machine comes back with an empty disk. */
  wipe(machine: string): void {
    rmSync(join(this.#folder, machine), { recursive: true, force: true });
  }

  /** All stop in order. */
  async stop(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.kill('SIGTERM')));
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.remove()));
  }
}
