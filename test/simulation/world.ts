import { type Clock, delay } from '../../src/runtime/clock.ts';
import type { Guarantee } from '../../src/runtime/settingOptions.ts';
import { seededRandom } from '../../src/runtime/testing/seededRandom.ts';
import type { Fault } from '../../src/runtime/transport/embedded/faults.ts';
import { scopedClock } from '../../src/runtime/transport/embedded/scopedClock.ts';
import type { Broken } from './broken.ts';
import { chaosLasts, type Disturbance, machines, type Strike } from './disturbances.ts';
import { feed } from './feed.ts';
import { behind, violations } from './invariants.ts';
import { Machine } from './machine.ts';
import { Network } from './network.ts';
import { SimulatedDisk } from './simulatedDisk.ts';
import { Trouble } from './trouble.ts';
import { type Numbered, stores, topics } from './workload.ts';

export interface WorldParts {
  readonly clock: Clock;
  readonly seed: number;
  readonly guarantee: Guarantee;
  readonly hasStandbys: boolean;
  readonly disturbances: readonly Disturbance[];
  readonly broken: Broken | undefined;
}

/** ms after which everything has to be done once nothing is disturbed any more. */
const healsWithin = 120_000;
const lookEvery = 250;
/** Looks in a row that find everything done: a worker that has stood still hears what it has missed when it commits. */
const looks = 6;
const restartsAfter = 700;
/** Of the ledger. */
const taskCount = 5;

/** Machines, the broker between them, and what happens to them. */
export class World {
  readonly #parts: WorldParts;
  readonly #clock: ReturnType<typeof scopedClock>;
  readonly #random: () => number;
  readonly #trouble: Trouble;
  readonly #network: Network;
  readonly #machines: Machine[];
  readonly #failures: string[] = [];
  #isOver = false;

  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.#clock = scopedClock(parts.clock);
    this.#random = seededRandom(parts.seed * 2);
    this.#trouble = new Trouble(parts.disturbances, (instance, afterMs) =>
      this.#crashInstance(instance, afterMs),
    );
    this.#network = new Network(this.#clock, this.#trouble, parts.broken);
    this.#machines = Array.from({ length: machines + 1 }, (_, number) => this.#machine(number));
  }

  get struck(): readonly Disturbance[] {
    return this.#parts.disturbances.filter((one) => this.#trouble.struck.has(one));
  }

  #machine(number: number): Machine {
    const { guarantee, hasStandbys, broken } = this.#parts;
    const disk = new SimulatedDisk(
      `machine ${number + 1}`,
      () => this.#trouble.onWrite(number),
      () => this.#crash(this.#machines[number]!),
    );
    return new Machine({
      number,
      clock: this.#clock,
      guarantee,
      hasStandbys,
      disk: broken?.disk?.(disk) ?? disk,
      connect: (instance, machine) => this.#network.connect(instance, machine),
      onFailure: (instance, error) => this.#failed(instance, error),
    });
  }

  /** Sends so many records while everything is disturbed; gives what is wrong in the end. */
  async run(records: number): Promise<{ violations: readonly string[]; healed: number }> {
    const clock = this.#clock;
    for (const [topic, partitions] of Object.entries(topics))
      this.#network.broker.createTopic({ topic, partitions });
    this.#trouble.isActive = true;
    for (const one of this.#parts.disturbances) this.#plan(one);
    for (const machine of this.#machines.slice(0, machines)) machine.start();
    await feed(this.#network, clock, records, chaosLasts);
    this.#trouble.isActive = false;
    this.#isOver = true;
    this.#machines[machines]!.stop();
    await delay(clock, this.#arrivesWithin());
    const healed = await this.#heal();
    if (healed === undefined || this.#failures.length > 0)
      return { violations: [...this.#failures, ...this.#unfinished()], healed: healsWithin };
    const state = this.#state();
    for (const machine of this.#machines) machine.stop();
    await Promise.all(this.#machines.map((machine) => machine.ended()));
    const { guarantee, seed } = this.#parts;
    // The fold of the log says the same exactly-once, and sooner: some seeds do both.
    const isRebuilt = guarantee === 'at-least-once' || seed % 4 === 0;
    const rebuilt = isRebuilt ? await this.#rebuilt() : state;
    const found = violations({ guarantee, sent: records, broker: this.#network.broker, state, rebuilt });
    return { violations: [...found, ...this.#failures], healed };
  }

  /** ms until every request that is still on its way has arrived. */
  #arrivesWithin(): number {
    const late = this.struck.map((one) => ('fault' in one && arrivalOf(one.fault)) || 0);
    return Math.max(0, ...late);
  }

  /** ms until everything is done; undefined when that takes too long. */
  async #heal(): Promise<number | undefined> {
    const clock = this.#clock;
    const begin = clock.monotonic();
    for (const machine of this.#machines) machine.disk.isFull = false;
    let done = 0;
    while (clock.monotonic() - begin < healsWithin && this.#failures.length === 0) {
      for (const machine of this.#machines.slice(0, machines)) machine.start();
      done = this.#unfinished().length === 0 ? done + 1 : 0;
      if (done === looks) return clock.monotonic() - begin;
      await delay(clock, lookEvery);
    }
    return undefined;
  }

  /** What is not done yet. */
  #unfinished(): string[] {
    const running = this.#machines.flatMap(({ tasks }) => tasks);
    const shown = this.#machines.map(({ status }) => status).join('; ');
    const isOnce =
      running.length === taskCount &&
      new Set(running).size === taskCount &&
      this.#machines.every(({ isSettled }) => isSettled);
    const found = isOnce ? [] : [`not every task runs once: ${shown}`];
    const { broker, offsets } = this.#network;
    return [...found, ...behind(broker, (of) => offsets.visible(of)?.offset ?? 0)];
  }

  #state(): ReadonlyMap<string, ReadonlyMap<string, Numbered>> {
    const rows = (store: string) => this.#machines.flatMap((machine) => machine.rows(store));
    return new Map(
      stores.map((store) => [
        store,
        new Map(rows(store).map(([key, { value }]) => [key as string, value as Numbered])),
      ]),
    );
  }

  /** What an application has that begins with nothing. */
  async #rebuilt(): Promise<ReadonlyMap<string, ReadonlyMap<string, Numbered>>> {
    const machine = this.#machines[machines]!;
    machine.disk.lose(() => 0);
    machine.start();
    const deadline = this.#clock.monotonic() + healsWithin;
    while (machine.tasks.length < taskCount && this.#clock.monotonic() < deadline)
      await delay(this.#clock, lookEvery);
    const state = this.#state();
    machine.crash();
    await machine.ended();
    return state;
  }

  #plan(one: Disturbance): void {
    if (!('ms' in one)) return;
    this.#clock.after(one.ms, () => {
      if (this.#isOver) return;
      this.#trouble.struck.add(one);
      if (one.at === 'move') {
        this.#trouble.moving.add(one);
        this.#clock.after(one.lasts, () => this.#trouble.moving.delete(one));
      } else if (one.at === 'late') {
        this.#network.offsets.by = one.by;
        this.#clock.after(one.lasts, () => {
          this.#network.offsets.by = 0;
        });
      } else if (one.at === 'time') this.#strike(this.#machines[one.machine]!, one.what);
    });
  }

  #strike(machine: Machine, what: Strike): void {
    const { disk } = machine;
    if (what.kind === 'clean') void this.#network.broker.cleaner.clean();
    else if (what.kind === 'clock') machine.skew += what.by;
    else if (what.kind === 'full') {
      disk.isFull = true;
      this.#clock.after(what.lasts, () => {
        disk.isFull = false;
      });
    } else if (what.kind === 'join') {
      this.#machines[machines]!.start();
      this.#clock.after(what.lasts, () => this.#isOver || this.#machines[machines]!.stop());
    } else if (what.kind === 'stop') {
      machine.stop();
      this.#restart(machine);
    } else {
      // What happens to a disk, happens while nobody uses it.
      this.#crash(machine);
      if (what.kind === 'tear') disk.tear(what.most, this.#random);
      if (what.kind === 'loseFolders') disk.lose(this.#random);
      if (what.kind === 'oldCopies') disk.restoreFrom(this.#machines[1 - machine.number]!.disk, this.#random);
    }
  }

  #crashInstance(instance: string, afterMs?: number): void {
    if (afterMs !== undefined)
      return void this.#clock.after(afterMs, () => this.#isOver || this.#crashInstance(instance));
    const machine = this.#machines.find((one) => one.instance === instance);
    if (machine !== undefined) this.#crash(machine);
  }

  #crash(machine: Machine): void {
    machine.crash();
    if (machine.number < machines) this.#restart(machine);
  }

  #restart(machine: Machine): void {
    this.#clock.after(restartsAfter, () => machine.start());
  }

  #failed(instance: string, error: Error): void {
    this.#failures.push(`${instance} failed: ${error.message}`);
  }

  close(): void {
    for (const machine of this.#machines) machine.crash();
    this.#network.broker.cleaner.close();
    this.#clock.cancelAll();
  }
}

function arrivalOf(fault: Fault | 'crash-before' | 'crash-after'): number {
  return typeof fault === 'object' && fault.kind === 'loseRequest' ? (fault.arrivesAfterMs ?? 0) : 0;
}
