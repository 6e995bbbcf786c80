import { randomUUID } from 'node:crypto';
import type { NamedStore } from '../dsl/topology.ts';
import type { MillraceError } from '../errors.ts';
import { openTaskState, type TaskState } from '../state/taskState.ts';
import { asMillraceError } from './asMillraceError.ts';
import type { Claims } from './changelogClaims.ts';
import type { CommitMeta } from './commitMeta.ts';
import { type Commit, type CommitParts, commitAtLeastOnce, commitExactlyOnce } from './commitTask.ts';
import type { Opened } from './opened.ts';
import { reached } from './placement/storedTasks.ts';
import type { TaskPlan } from './plan.ts';
import { mergeQueue, type Queue } from './queue.ts';
import { type StoreRow, storeRows } from './storeRows.ts';
import { createTask, type Task, type TaskInput } from './task/task.ts';
import type { TaskHome } from './taskHome.ts';
import type { TaskSetting } from './taskSetting.ts';
import type { Producer, TopicPartition } from './transport/transport.ts';

/** Changed rows at which a commit is due whatever the interval: they are all in memory until then. */
const mostDirty = 50_000;
/** Records between two looks at the clock. */
const stride = 64;

/** A task with its state, its producer and its place in the input: what a worker runs. */
export class ActiveTask {
  readonly plan: TaskPlan;
  readonly #setting: TaskSetting;
  readonly #home: TaskHome;
  readonly #producer: Producer;
  readonly #state: TaskState;
  readonly #task: Task;
  readonly #queue: Queue;
  readonly #commit: Commit;
  readonly #changelogs: Map<string, number>;
  readonly #changed: Map<string, number>;
  readonly #claims: Claims;
  readonly #undescribed: readonly NamedStore[];
  /** Number of the last commit before it was opened. */
  readonly #opened: number;
  #meta: CommitMeta;
  /** Of the last commit that has succeeded. */
  #committed: CommitMeta;
  #worked = false;
  #committing: Promise<void> | undefined;

  constructor(setting: TaskSetting, plan: TaskPlan, opened: Opened) {
    const { home, producer, positions, poisoned, commit } = opened;
    const { names, clock, exactlyOnce, cacheRows } = setting;
    this.plan = plan;
    this.#setting = setting;
    this.#home = home;
    this.#producer = producer;
    this.#claims = opened.claims;
    this.#undescribed = opened.undescribed;
    this.#changelogs = new Map(plan.subtopology.stores.map(({ name }) => [names.changelog(name), 0]));
    for (const [topic, position] of opened.changelogs) this.#changelogs.set(topic, position);
    this.#meta = {
      sequence: commit?.sequence ?? 0,
      incarnation: commit?.incarnation || randomUUID(),
      positions: Object.fromEntries(positions.offsets),
      streamTime: positions.streamTime,
    };
    this.#committed = this.#meta;
    this.#opened = this.#meta.sequence;
    // The first commit ends in every changelog: what a commit that failed has left there is part of the state now.
    const others = plan.subtopology.stores.slice(1);
    this.#changed = new Map(others.map(({ name }) => [name, this.#meta.sequence + 1]));
    this.#worked = positions.untold;
    this.#commit = exactlyOnce ? commitExactlyOnce : commitAtLeastOnce;
    this.#state = openTaskState(
      home.backend,
      plan.subtopology.stores,
      cacheRows === undefined ? {} : { cacheRows },
    );
    this.#task = createTask({
      application: names.application,
      subtopology: plan.subtopology,
      partition: plan.partition,
      state: this.#state,
      streamTime: this.#meta.streamTime,
      output: producer,
      clock,
      globalView: setting.globalView,
      topicOf: names.topic,
      positions: positions.offsets,
      poisoned,
      onDrop: setting.onDrop,
      onFailure: (error) => setting.onFailure(plan, error),
      wake: setting.wake,
    });
    this.#queue = mergeQueue(this.#task.inputs, setting.hasMore);
  }

  get home(): TaskHome {
    return this.#home;
  }

  /** Of the last commit that has succeeded. */
  get sequence(): number {
    return this.#committed.sequence;
  }

  /** How much of its state there is: the offsets reached in its changelogs, summed up. */
  get position(): number {
    return reached(this.#changelogs);
  }

  get inputs(): readonly TaskInput[] {
    return this.#task.inputs;
  }

  /** Of one of its stores, what is not committed included. */
  rows(store: string): readonly StoreRow[] {
    return storeRows(this.plan.subtopology.stores, this.#state, store);
  }

  get streamTime(): number {
    return this.#task.streamTime;
  }

  /** So much has changed that a commit should not wait for its interval. */
  get full(): boolean {
    return this.#state.dirtyRows >= mostDirty || (this.pendingBytes > 0 && this.#setting.isPendingMost());
  }

  /** Written, and not acknowledged by brokers. */
  get pendingBytes(): number {
    return this.#producer.pendingBytes;
  }

  /** Fires what steps have scheduled. */
  tick(): void {
    if (!this.#task.scheduled) return;
    const before = this.pendingBytes;
    this.#task.tick(this.#setting.clock.now());
    // What a timer writes has to be committed too, also where no record comes and no row changes.
    if (this.#state.dirtyRows > 0 || this.pendingBytes !== before) this.#worked = true;
  }

  /** Processes records until there are none, or until the clock says `until`. false: nothing was there to do. */
  work(until: number): boolean {
    const { clock } = this.#setting;
    for (let count = 0; ; ) {
      if (this.full) return count > 0;
      for (const end = count + stride; count < end; count++) {
        const input = this.#queue.next();
        if (input === undefined) return count > 0;
        this.#worked = true;
        input.dispatch();
      }
      if (clock.monotonic() >= until) return true;
    }
  }

  get needsCommit(): boolean {
    return this.#committing === undefined && (this.#worked || this.#moved());
  }

  /** Positions also move over what is not shown: control records and aborted ones. */
  #moved(): boolean {
    return this.#task.inputs.some(({ topic, position }) => position !== this.#meta.positions[topic]);
  }

  /** Commits what has been processed until now; one at a time. */
  commit(): Promise<void> {
    this.#committing ??= this.#commitNow().finally(() => {
      this.#committing = undefined;
    });
    return this.#committing;
  }

  async #commitNow(): Promise<void> {
    if (!this.#worked && !this.#moved()) return;
    this.#task.beforeCommit();
    this.#worked = false;
    const meta: CommitMeta = {
      sequence: this.#meta.sequence + 1,
      incarnation: this.#meta.incarnation,
      positions: Object.fromEntries(this.#task.inputs.map(({ topic, position }) => [topic, position])),
      streamTime: this.#task.streamTime,
    };
    this.#meta = meta;
    await this.#commit(this.#commitParts(), meta);
    this.#committed = meta;
  }

  /** Up to where its repartition topics will never be read again. */
  get purgeable(): readonly (TopicPartition & { readonly before: number })[] {
    const { subtopology, partition } = this.plan;
    const internal = subtopology.sources.filter((source) => source.internal).map(this.#setting.names.topic);
    return internal.flatMap((topic) => {
      const before = this.#committed.positions[topic];
      return before === undefined ? [] : [{ topic, partition, before }];
    });
  }

  #commitParts(): CommitParts {
    const { names, member, clock } = this.#setting;
    return {
      names,
      partition: this.plan.partition,
      state: this.#state,
      firstStore: this.plan.subtopology.stores[0]?.name,
      producer: this.#producer,
      member,
      group: names.application,
      now: clock.now(),
      changelogs: this.#changelogs,
      changed: this.#changed,
      claims: this.#claims,
      undescribed: this.#meta.sequence === this.#opened + 1 ? this.#undescribed : [],
      storesSignature: this.#home.storesSignature,
    };
  }

  /** Waits for the commit under way and makes another of what has been processed since. */
  async commitRest(): Promise<void> {
    await this.#committing;
    await this.commit();
  }

  /** Makes a last commit, so that everything processed is kept; then lets go. */
  async closeClean(): Promise<void> {
    await this.commitRest();
    this.#task.close();
    this.#state.close();
    this.#home.close();
    await this.#producer.close();
  }

  /** Gives up what was not committed, and state that was found to be damaged. Never throws: the task is dead already. */
  async abandon(damage?: MillraceError): Promise<void> {
    this.#task.close();
    // At once: a commit that no coordinator has been asked to decide yet ends with it.
    const aborted = this.#producer.abort().catch(() => {});
    await this.#committing?.catch(() => {});
    await aborted;
    this.#state.close();
    try {
      if (damage === undefined) this.#home.close();
      else this.#home.setAside(damage);
    } catch (error) {
      this.#setting.onWarning(asMillraceError(error, `Task ${this.plan.id}`)); // the disk is full, or fails
    }
  }
}
