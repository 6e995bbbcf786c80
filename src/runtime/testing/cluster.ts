import type { Message } from '../../dsl/message.ts';
import type { MillraceError } from '../../errors.ts';
import type { AppState } from '../lifecycle.ts';
import type { SettingOptions } from '../settingOptions.ts';
import type { StoreRow } from '../storeRows.ts';
import type { Drop } from '../task/rejects.ts';
import type { DriverRecord, RawDriverRecord } from './drive.ts';
import type { PipelineSnapshot } from './snapshot.ts';
import type { Chaos, Injection } from './trouble.ts';

export interface ClusterOptions extends Omit<SettingOptions, 'stateDir' | 'instanceId'> {
  /** Of every topic; default 3. */
  readonly partitions?: number;
  /** Topics with another number of partitions, and those that a sink chooses per record: partitions by name. */
  readonly topics?: Readonly<Record<string, number>>;
  /** Instances that run at the start; default 2. */
  readonly instances?: number;
  /**
   * Chooses how the instances take turns, and what of `chaos` happens when; default 1. The same seed makes the same run, as
   * long as the functions of the topology do.
   */
  readonly seed?: number;
  /** Where state is kept: 'memory' (default), or 'sqlite' as in production, in a temporary folder. */
  readonly state?: 'memory' | 'sqlite';
  /** What goes wrong again and again; nothing by default. */
  readonly chaos?: Chaos;
}

/** A record as it stands in its topic. */
export interface ClusterRecord extends Message<unknown, unknown> {
  readonly partition: number;
}

/** One of the instances that share the work. */
export interface ClusterInstance {
  readonly name: string;
  readonly state: AppState;
  /** Ids of the tasks that run there: sub-topology and partition, as in 'orders_0'. */
  readonly tasks: readonly string[];
  /** Ends it as SIGKILL does: what it has not committed is done again by the others, once its session has ended. */
  crash(): Promise<void>;
  /** Ends it as SIGTERM does: it commits and leaves, the others take over at once. */
  stop(): Promise<void>;
  /** It stands still for so long, as by SIGSTOP, from its next call to the broker on. */
  pause(ms: number): void;
}

/**
 * An application with several instances on a broker with several partitions, all in this process and on virtual time: the real
 * runtime, group, transactions and state. Every call lets as much time pass as it needs.
 */
export interface Cluster extends AsyncDisposable {
  readonly seed: number;
  /** Those that run. */
  readonly instances: readonly ClusterInstance[];
  /** Writes one record, or several in order, encoded with the source's codecs, to the partition of the key. */
  send(topic: string, records: DriverRecord | readonly DriverRecord[]): Promise<void>;
  /** Writes bytes, or text as UTF-8, as they are. */
  sendRaw(topic: string, record: RawDriverRecord): Promise<void>;
  /**
   * Lets time pass until everything that was sent, and what followed from it, is processed and committed, and every task runs on
   * some instance; chaos strikes in the first minute only. Throws the error of
   * an instance that has failed; NOT_SETTLED after `limit` ms of virtual time, default an hour.
   */
  settle(limit?: number): Promise<void>;
  /** Lets `ms` pass. The wall clock begins at 0. */
  advance(ms: number): Promise<void>;
  /** Takes what was committed to a topic since the last call, partition by partition, decoded with the codecs of the sink. */
  read(topic: string): Promise<ClusterRecord[]>;
  /** Rows of a store in all partitions that some instance runs, uncommitted ones included. */
  store(name: string): readonly StoreRow[];
  /** Records that steps gave up. What a crash undoes is done, and dropped, again. */
  readonly drops: readonly Drop[];
  /** What instances warned of. */
  readonly warnings: readonly MillraceError[];
  /** Another instance joins: the group rebalances. Resolves when it runs. */
  start(): Promise<ClusterInstance>;
  /** Ends one instance, chosen by the seed, as SIGKILL does. */
  crash(): Promise<void>;
  /** Ends one instance, chosen by the seed, as SIGTERM does: the group rebalances. */
  stop(): Promise<void>;
  /** Has something go wrong at an exact step. */
  inject(injection: Injection): void;
  /** All outputs, stores and drops since the start, as lines. */
  snapshot(): Promise<PipelineSnapshot>;
  /** Stops everything; throws the error of an instance that failed, if no call has yet. */
  close(): Promise<void>;
}
