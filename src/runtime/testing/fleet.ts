import type { topology } from '../../dsl/topology.ts';
import { MillraceError } from '../../errors.ts';
import { type App, app } from '../app.ts';
import { delay } from '../clock.ts';
import type { SettingOptions } from '../settingOptions.ts';
import type { StoreRow } from '../storeRows.ts';
import type { Drop } from '../task/rejects.ts';
import type { EmbeddedBroker } from '../transport/embedded/embeddedBroker.ts';
import type { ClusterInstance } from './cluster.ts';
import type { VirtualClock } from './virtualClock.ts';

export interface FleetParts {
  readonly application: string;
  readonly sinks: Parameters<typeof topology>[0];
  readonly settings: SettingOptions;
  readonly broker: EmbeddedBroker;
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly pause: (instance: string, ms: number) => void;
}

interface Running extends ClusterInstance {
  readonly app: App;
}

/** ms until another takes the place of an instance that chaos has killed. */
const replacedAfterMs = 1_000;

/** The instances of one application, as they come and go. */
export class Fleet {
  readonly drops: Drop[] = [];
  readonly warnings: MillraceError[] = [];
  readonly #parts: FleetParts;
  readonly #running = new Map<string, Running>();
  /** Ends of instances under way, and starts. */
  readonly #under = new Set<Promise<unknown>>();
  #started = 0;
  #failure: MillraceError | undefined;

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  get instances(): readonly ClusterInstance[] {
    return [...this.#running.values()];
  }

  has(name: string): boolean {
    return this.#running.has(name);
  }

  /** Nobody runs, and nobody is about to. */
  get isGone(): boolean {
    return this.#running.size === 0 && this.#under.size === 0;
  }

  /** Each instance has the whole of a global table. */
  rows(store: string, isGlobal: boolean): readonly StoreRow[] {
    const all = [...this.#running.values()];
    return (isGlobal ? all.slice(0, 1) : all).flatMap(({ app: one }) => one.rows(store));
  }

  /** Throws, once, the error of an instance that ended by itself. */
  check(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Made at once; it runs when the promise resolves. */
  async start(): Promise<ClusterInstance> {
    const { application, sinks, settings, broker, clock } = this.#parts;
    const name = `instance-${++this.#started}`;
    const one = app(application, { ...settings, sinks, broker, clock, clientId: name });
    one.drops.subscribe((drop) => this.drops.push(drop));
    one.warnings.subscribe((warning) => this.warnings.push(warning));
    const instance = this.#instance(name, one);
    this.#running.set(name, instance);
    one.closed.catch((error) => this.#failed(name, error));
    await one.start().catch(() => undefined); // `closed` tells
    return instance;
  }

  #instance(name: string, one: App): Running {
    const end = (how: () => Promise<void>): Promise<void> => {
      this.#running.delete(name);
      return this.#parts.clock.run(this.#watched(how()));
    };
    return {
      name,
      app: one,
      get state() {
        return one.state;
      },
      get tasks() {
        return one.tasks;
      },
      crash: () => end(() => one.crash()),
      stop: () => end(() => one.stop()),
      pause: (ms) => this.#parts.pause(name, ms),
    };
  }

  #failed(name: string, error: MillraceError): void {
    // One that was told to end has nothing more to say.
    if (this.#running.delete(name)) this.#failure ??= error;
  }

  #watched<T>(work: Promise<T>): Promise<T> {
    this.#under.add(work);
    const done = (): void => void this.#under.delete(work);
    work.then(done, done);
    return work;
  }

  /** By the seed. NOT_RUNNING when there is none. */
  pick(): ClusterInstance {
    const all = [...this.#running.values()];
    if (all.length > 0) return all[Math.floor(this.#parts.random() * all.length)]!;
    throw new MillraceError('NOT_RUNNING', 'No instance is running', { next: 'start() one.' });
  }

  /** From inside a call to the broker: nothing can be awaited there. Another one takes its place. */
  strike(name: string): void {
    const struck = this.#running.get(name);
    if (struck === undefined) return;
    this.#running.delete(name);
    void this.#watched(struck.app.crash());
    void this.#watched(delay(this.#parts.clock, replacedAfterMs).then(() => this.start()));
  }

  /** From inside a call to the broker: one more joins, or one leaves, so that there are as many as asked for or one more. */
  rebalance(wanted: number): void {
    if (this.#running.size <= wanted) void this.#watched(this.start());
    else {
      const { name, app: one } = this.pick() as Running;
      this.#running.delete(name);
      this.#watched(one.stop()).catch(() => undefined); // it may be cut off by what else goes wrong
    }
  }

  async stopAll(): Promise<void> {
    for (const { app: one } of this.#running.values()) this.#watched(one.stop()).catch(() => undefined);
    this.#running.clear();
    while (this.#under.size > 0) await Promise.allSettled([...this.#under]);
  }
}
