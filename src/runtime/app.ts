import { type Observable, Subject } from 'rxjs';
import { describeJson } from '../dsl/describe/json.ts';
import { describeMermaid } from '../dsl/describe/mermaid.ts';
import { describeText } from '../dsl/describe/text.ts';
import { checkStepName } from '../dsl/names.ts';
import { checkOptions } from '../dsl/options.ts';
import { type Topology, topology } from '../dsl/topology.ts';
import type { MillraceError } from '../errors.ts';
import { asMillraceError } from './asMillraceError.ts';
import { type Clock, delay, systemClock } from './clock.ts';
import { type Connect, type ConnectOptions, connectNames, connector } from './connect.ts';
import { type AppState, type Lifecycle, lifecycle, notRunning } from './lifecycle.ts';
import { namesOf } from './names.ts';
import type { RestoreProgress } from './restoreState.ts';
import { runUntilSignal } from './runUntilSignal.ts';
import { type SettingOptions, settingNames } from './settingOptions.ts';
import { readSettings, type Settings } from './settings.ts';
import { type RowsOptions, readStaleness } from './standby/staleness.ts';
import type { StandbyProgress } from './standby/standbySetting.ts';
import { stopInTime } from './stopInTime.ts';
import { checkStore, type StoreRow } from './storeRows.ts';
import type { Drop } from './task/rejects.ts';
import { Worker } from './worker.ts';

export interface AppOptions extends SettingOptions, ConnectOptions {
  /** What to run: sinks, or tables to keep. */
  readonly sinks: Parameters<typeof topology>[0];
  /** For tests with virtual time. */
  readonly clock?: Clock | undefined;
}

/** One instance of an application: any number of them, in any number of processes, share its partitions. */
export interface App extends AsyncDisposable {
  readonly id: string;
  readonly state: AppState;
  /** The state now and every change; completes when the application has ended. */
  readonly states: Observable<AppState>;
  /** Records that steps gave up, with reason and origin. */
  readonly drops: Observable<Drop>;
  /** How far state that is rebuilt from its changelog has come. */
  readonly restores: Observable<RestoreProgress>;
  /** How far tasks have come that run elsewhere and are followed here, at most once a second each. */
  readonly standbys: Observable<StandbyProgress>;
  /** What should not happen often, and did not stop the application. */
  readonly warnings: Observable<MillraceError>;
  /** Resolves when the application has stopped, rejects when it has failed. */
  readonly closed: Promise<void>;
  /** Ids of the tasks that run here: sub-topology and partition, as in 'orders_0'. */
  readonly tasks: readonly string[];
  /** The topology as Kafka Streams would print it, as a Mermaid flowchart, or as JSON. Needs no broker. */
  describe(format?: 'text' | 'mermaid' | 'json'): string;
  /**
   * What this instance holds of a store: rows of the tasks that run here, uncommitted ones included; with `staleness` of those it
   * follows, too, as they were committed. UNKNOWN_STORE when the topology has no store of that name.
   */
  rows(store: string, options?: RowsOptions): readonly StoreRow[];
  /** Connects, joins the group, restores state; resolves when the first assignment is being processed. */
  start(): Promise<void>;
  /** Finishes the records in work, commits, leaves the group. STOP_TIMEOUT when that takes longer than stopTimeout. */
  stop(): Promise<void>;
  /** As SIGKILL would, but in this process: nothing is committed, nobody is told. For tests and demonstrations. */
  crash(): Promise<void>;
  /**
   * start(), then until SIGINT or SIGTERM stops it: what a worker's main file ends with. A second signal exits at once.
   * Tells on stderr what it is doing.
   */
  run(): Promise<void>;
}

/**
 * An application: `id` is the name of its consumer group and the prefix of its internal topics and transactions.
 * Without `brokers` it runs on the embedded broker.
 *
 * ```ts
 * const shop = app('shop', { sinks: [perMinute], brokers: 'localhost:9092' });
 * await shop.run();
 * ```
 */
export function app(id: string, options: AppOptions): App {
  checkStepName(id, 'application');
  checkOptions(options, ['sinks', 'clock', ...settingNames, ...connectNames], 'app()', 'UNKNOWN_SETTING');
  const settings = readSettings(
    options,
    process.env,
    options.broker?.durable === false ? 'memory' : undefined,
  );
  const clock = options.clock ?? systemClock;
  return new Application(
    id,
    topology(options.sinks),
    settings,
    connector(options, process.env, clock),
    clock,
  );
}

class Application implements App {
  readonly id: string;
  readonly closed: Promise<void>;
  readonly #topology: Topology;
  readonly #settings: Settings;
  readonly #connect: Connect;
  readonly #clock: Clock;
  readonly #lifecycle: Lifecycle = lifecycle();
  readonly #drops = new Subject<Drop>();
  readonly #restores = new Subject<RestoreProgress>();
  readonly #standbys = new Subject<StandbyProgress>();
  readonly #warnings = new Subject<MillraceError>();
  readonly #ended = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #stopping: Promise<void> | undefined;
  #failure: MillraceError | undefined;

  constructor(id: string, compiled: Topology, settings: Settings, connect: Connect, clock: Clock) {
    this.id = id;
    this.closed = this.#ended.promise;
    this.#topology = compiled;
    this.#settings = settings;
    this.#connect = connect;
    this.#clock = clock;
  }

  get state(): AppState {
    return this.#lifecycle.state;
  }

  get states(): Observable<AppState> {
    return this.#lifecycle.states;
  }

  get drops(): Observable<Drop> {
    return this.#drops.asObservable();
  }

  get restores(): Observable<RestoreProgress> {
    return this.#restores.asObservable();
  }

  get standbys(): Observable<StandbyProgress> {
    return this.#standbys.asObservable();
  }

  get warnings(): Observable<MillraceError> {
    return this.#warnings.asObservable();
  }

  describe(format: 'text' | 'mermaid' | 'json' = 'text'): string {
    if (format === 'mermaid') return describeMermaid(this.#topology);
    return format === 'json' ? describeJson(this.#topology) : describeText(this.#topology);
  }

  get tasks(): readonly string[] {
    return [...(this.#worker?.tasks?.running.keys() ?? [])];
  }

  rows(store: string, options: RowsOptions = {}): readonly StoreRow[] {
    checkStore(this.#topology, store);
    const staleness = readStaleness(options);
    return this.#worker?.rows(store, staleness) ?? [];
  }

  async start(): Promise<void> {
    if (this.state !== 'created') throw notRunning(this.state, 'start');
    this.#lifecycle.to('connecting');
    try {
      const transport = await this.#connect(this.id);
      this.#worker = new Worker({
        topology: this.#topology,
        names: namesOf(this.id),
        settings: this.#settings,
        transport,
        clock: this.#clock,
        lifecycle: this.#lifecycle,
        onDrop: (drop) => this.#drops.next(drop),
        onProgress: (progress) => this.#restores.next(progress),
        onStandby: (progress) => this.#standbys.next(progress),
        onWarning: (warning) => this.#warnings.next(warning),
        onFatal: (error) => this.#fail(error),
      });
      if (this.#stopping === undefined) await this.#worker.start();
      else await transport.close(); // told to stop while it connected
    } catch (error) {
      const known = asMillraceError(error, 'The application');
      this.closed.catch(() => {}); // whoever called start() is told here
      this.#fail(known);
    }
    if (this.#failure !== undefined) {
      this.closed.catch(() => {});
      await this.closed;
    }
  }

  #fail(error: MillraceError): void {
    if (this.#failure !== undefined || this.#stopping !== undefined) return;
    this.#failure = error;
    const ended = (): void => {
      this.#lifecycle.to('failed');
      this.#end(error);
    };
    const { stopTimeout } = this.#settings;
    void Promise.race([this.#worker?.abort(), delay(this.#clock, stopTimeout)]).then(ended, ended);
  }

  #end(error?: MillraceError): void {
    for (const told of [this.#drops, this.#restores, this.#standbys, this.#warnings]) told.complete();
    if (error === undefined) this.#ended.resolve();
    else this.#ended.reject(error);
  }

  stop(): Promise<void> {
    if (this.#failure !== undefined) return this.closed;
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#lifecycle.to('draining');
    try {
      await stopInTime(this.#worker?.stop(), this.#clock, this.#settings.stopTimeout);
      this.#lifecycle.to('closed');
      this.#end();
    } catch (error) {
      const known = asMillraceError(error, 'The application');
      await this.#worker?.crash();
      this.#lifecycle.to('failed');
      this.closed.catch(() => {}); // whoever called stop() is told here
      this.#end(known);
      throw known;
    }
  }

  async crash(): Promise<void> {
    this.#stopping ??= Promise.resolve();
    this.#lifecycle.to('draining');
    await this.#worker?.crash();
    this.#lifecycle.to('closed');
    this.#end();
  }

  run(): Promise<void> {
    return runUntilSignal(this, this.#clock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
