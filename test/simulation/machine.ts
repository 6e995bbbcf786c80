import { asMillraceError } from '../../src/runtime/asMillraceError.ts';
import { type Clock, delay } from '../../src/runtime/clock.ts';
import { type Lifecycle, lifecycle } from '../../src/runtime/lifecycle.ts';
import { namesOf } from '../../src/runtime/names.ts';
import type { Guarantee, SettingOptions } from '../../src/runtime/settingOptions.ts';
import { readSettings } from '../../src/runtime/settings.ts';
import type { StoreRow } from '../../src/runtime/storeRows.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';
import { Worker } from '../../src/runtime/worker.ts';
import type { SimulatedDisk } from './simulatedDisk.ts';
import { ledger } from './workload.ts';

export interface MachineParts {
  readonly number: number;
  readonly clock: Clock;
  readonly guarantee: Guarantee;
  /** Tasks are followed on another machine, and warm up before they move. */
  readonly hasStandbys: boolean;
  readonly disk: SimulatedDisk;
  readonly connect: (instance: string, machine: number) => Transport;
  /** An instance ended by itself. */
  readonly onFailure: (instance: string, error: Error) => void;
}

const names = namesOf('ledger');
const timing = {
  sessionTimeout: '2s',
  heartbeatInterval: '700ms',
  transactionTimeout: '5s',
  rebalanceTimeout: '8s',
  revokeTimeout: '3s',
} as const;
const standbys: SettingOptions = { standbyReplicas: 1, acceptableRecoveryLag: 2, probingInterval: '1s' };

/** A host with a disk and a clock of its own, and one instance of the application at a time. */
export class Machine {
  /** ms by which its wall clock is wrong. */
  skew = 0;
  readonly number: number;
  readonly #parts: MachineParts;
  readonly #clock: Clock;
  #running: { readonly name: string; readonly worker: Worker; readonly life: Lifecycle } | undefined;
  #started = 0;
  /** Ends of instances under way. */
  readonly #ending = new Set<Promise<void>>();

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.number = parts.number;
    const { clock } = parts;
    this.#clock = { ...clock, now: () => clock.now() + this.skew };
  }

  get disk(): SimulatedDisk {
    return this.#parts.disk;
  }

  /** Its instance, if it has one, is at work: not restoring, nor waiting for its group. */
  get isSettled(): boolean {
    return this.#running === undefined || this.#running.life.state === 'running';
  }

  get instance(): string | undefined {
    return this.#running?.name;
  }

  get status(): string {
    const { name, life } = this.#running ?? {};
    return `${name ?? `machine ${this.number + 1}`} ${life?.state ?? 'is off'} [${this.tasks.join(' ')}]`;
  }

  get tasks(): readonly string[] {
    return [...(this.#running?.worker.tasks?.running.keys() ?? [])];
  }

  rows(store: string): readonly StoreRow[] {
    return [...(this.#running?.worker.tasks?.tasks ?? [])].flatMap((task) => task.rows(store));
  }

  /** Nothing where one runs already. */
  start(): void {
    if (this.#running !== undefined) return;
    const { number, guarantee, hasStandbys, disk, connect } = this.#parts;
    const name = `instance ${number + 1}.${++this.#started}`;
    const settings = readSettings({ ...timing, ...(hasStandbys && standbys), guarantee }, {});
    const fatal = (error: unknown): void => this.#failed(name, error);
    const life = lifecycle();
    const worker = new Worker({
      topology: ledger,
      names,
      settings: { ...settings, state: disk },
      transport: connect(name, number),
      clock: this.#clock,
      lifecycle: life,
      onDrop: (drop) => fatal(new Error(`a record was dropped: ${JSON.stringify(drop)}`)),
      onProgress() {},
      onStandby() {},
      onWarning() {},
      onFatal: fatal,
    });
    this.#running = { name, worker, life };
    worker.start().catch(fatal);
  }

  #failed(name: string, error: unknown): void {
    if (this.#running?.name !== name) return; // it has been told to end
    this.#end((worker) => worker.abort());
    this.#parts.onFailure(name, asMillraceError(error, 'The worker'));
  }

  #end(how: (worker: Worker) => Promise<void>): void {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    const ended = how(running.worker)
      .catch(() => running.worker.crash()) // what else goes wrong may cut it off
      .finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  /** As SIGKILL. */
  crash(): void {
    this.disk.killed();
    this.#end((worker) => worker.crash());
  }

  /** As SIGTERM, and SIGKILL after a while. */
  stop(): void {
    this.#end((worker) =>
      Promise.race([worker.stop(), delay(this.#parts.clock, 5_000).then(() => worker.crash())]),
    );
  }

  async ended(): Promise<void> {
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }
}
