import { once } from 'node:events';
import type { MillraceError } from '../errors.ts';
import { asMillraceError } from './asMillraceError.ts';
import { Backpressure } from './backpressure.ts';
import { type GlobalTables, globalTables } from './globalTables.ts';
import { housekeeping } from './housekeeping.ts';
import { tasksIn } from './placement/groupProtocol.ts';
import { memberOptions } from './placement/memberOptions.ts';
import type { Plan, TaskPlan } from './plan.ts';
import { takeSnapshots } from './snapshots/takeSnapshots.ts';
import type { Staleness } from './standby/staleness.ts';
import { StandbySet } from './standby/standbySet.ts';
import { standbySetting } from './standby/standbySetting.ts';
import type { StoreRow } from './storeRows.ts';
import { tellSupervisor } from './supervision.ts';
import { TaskSet } from './taskSet.ts';
import { type TaskSetting, taskSetting } from './taskSetting.ts';
import { prepareTopics } from './topics.ts';
import type { Assignment, Batch, Member, MemberOptions, Reader } from './transport/transport.ts';
import { type Wakeup, wakeup } from './wakeup.ts';
import type { WorkerParts } from './workerParts.ts';
import { workSlice } from './workSlice.ts';

/** ms to wait for records when there is nothing to do. */
const longestPoll = 100;

/** Reads partitions, runs the tasks the group gives it, commits. One loop; everything else reaches it by flags and wake(). */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #reader: Reader;
  readonly #stopped = new AbortController();
  #plan: Plan | undefined;
  #member: Member | undefined;
  #globals: GlobalTables | undefined;
  /** From the moment on at which it joins the group. */
  tasks: TaskSet | undefined;
  #standbys: StandbySet | undefined;
  readonly #running = Promise.withResolvers<void>();
  #loop: Promise<void> = Promise.resolve();
  /** While the group rebalances nothing is processed: positions that were committed must stay true. */
  #suspended = true;
  /** Has not been assigned anything yet. */
  #isNew = true;
  #lastCommit: number;
  readonly #wakeup: Wakeup = wakeup();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    const { maxBufferedBytes: maxBytes, maxPartitionBufferedBytes: maxPartitionBytes } = parts.settings;
    this.#reader = parts.transport.reader({ isolation: 'committed', maxBytes, maxPartitionBytes });
    this.#lastCommit = parts.clock.monotonic();
  }

  /** Connects, checks topics, loads global tables and joins; resolves when the first assignment runs. */
  async start(): Promise<void> {
    const { transport, lifecycle, settings, topology, names, clock, onDrop } = this.#parts;
    const { signal } = this.#stopped;
    lifecycle.to('connecting');
    await transport.connect();
    signal.throwIfAborted();
    const planned = await prepareTopics(topology, names, transport.admin, settings);
    this.#plan = planned;
    const globals = globalTables(topology.globalTables, planned, transport, clock, onDrop);
    this.#globals = globals;
    await globals.load(signal);
    signal.throwIfAborted();
    void this.#background(globals.follow(signal));
    const member = transport.member(this.#memberOptions(planned));
    this.#member = member;
    this.#standbys = new StandbySet(standbySetting(this.#parts, member));
    this.tasks = new TaskSet(this.#taskSetting(member, globals), this.#reader, (error) => this.#fatal(error));
    const done = () => [...this.tasks!.tasks].flatMap(({ purgeable }) => purgeable);
    void this.#background(housekeeping({ plan: planned, admin: transport.admin, clock, signal, done }));
    if (settings.snapshots !== undefined) {
      const { application } = names;
      const tasks = () => this.tasks!.tasks;
      const { onWarning } = this.#parts;
      void this.#background(
        takeSnapshots({ ...settings.snapshots, application, clock, signal, tasks, onWarning }),
      );
    }
    this.#loop = this.#background(
      this.#run(this.tasks, new Backpressure(this.#reader, settings.maxBufferedBytes)),
    );
    lifecycle.to('rebalancing');
    await member.join();
    await Promise.race([this.#running.promise, once(signal, 'abort')]);
  }

  /** What it holds of a store: rows of the tasks that run here, of standbys as fresh as that, or of a global table. */
  rows(store: string, staleness: Staleness | undefined): readonly StoreRow[] {
    const own = [...(this.tasks?.tasks ?? [])].flatMap((task) => task.rows(store));
    const followed = this.#standbys?.rows(store, staleness) ?? [];
    return [...own, ...followed, ...(this.#globals?.rows(store) ?? [])];
  }

  #memberOptions(planned: Plan): MemberOptions {
    const { settings, names, topology, lifecycle, onWarning } = this.#parts;
    return memberOptions(planned, topology, names, settings, {
      running: () => this.tasks?.running ?? new Map(),
      standbys: () => this.#standbys?.positions ?? new Map(),
      onWarning,
      revoked: () => this.#revoked(),
      assigned: (assignment, signal) => this.#assigned(assignment, signal),
      lost: () => {
        this.#suspended = true;
        lifecycle.to('rebalancing');
        void this.#background(this.tasks!.abandonAll());
      },
      failed: (reason) => this.#fatal(asMillraceError(reason, 'The worker')),
    });
  }

  #taskSetting(member: Member, globals: GlobalTables): TaskSetting {
    return taskSetting(this.#parts, {
      member,
      isPendingMost: () => this.tasks!.pendingBytes >= this.#parts.settings.maxPendingBytes,
      globalView: globals.view,
      followed: (task) => this.#standbys!.handOver(task),
      onFailure: (plan, error) => this.#failed(plan, error),
      wake: () => this.#wakeup.wake(),
      reader: this.#reader,
    });
  }

  async #assigned(assignment: Assignment, signal: AbortSignal): Promise<void> {
    const { lifecycle } = this.#parts;
    tellSupervisor(this.#parts.names.application, this.#member!);
    const { tasks, standbys, warmups, plan } = tasksIn(assignment);
    if (this.#isOutdated(plan)) return this.#member!.rejoin();
    const plansOf = (ids: readonly string[]) => this.#plan!.tasks.filter(({ id }) => ids.includes(id));
    lifecycle.to('restoring');
    try {
      await this.tasks!.assign(plansOf(tasks), signal, () => {
        this.#suspended = false;
      });
    } catch (error) {
      if (!signal.aborted) this.#fatal(asMillraceError(error, 'The worker'));
      return;
    }
    if (signal.aborted || this.#stopped.signal.aborted) return;
    this.#standbys!.assign(plansOf(standbys), warmups);
    lifecycle.to('running');
    this.#running.resolve();
  }

  /** A static member is given what was made for it before it was restarted, perhaps with another topology. Asked once. */
  #isOutdated(plan: string): boolean {
    const mayBe = this.#isNew && this.#parts.settings.instanceId !== undefined && plan !== '';
    this.#isNew = false;
    return mayBe && plan !== this.#plan!.fingerprint;
  }

  async #revoked(): Promise<void> {
    this.#suspended = true;
    this.#parts.lifecycle.to('rebalancing');
    await this.tasks!.revoke();
  }

  async #run(tasks: TaskSet, backpressure: Backpressure): Promise<void> {
    let polling: Promise<readonly Batch[]> | undefined;
    while (!this.#stopped.signal.aborted) {
      const worked = !this.#suspended && workSlice(tasks, this.#parts.clock);
      this.#commitDue(tasks);
      backpressure.regulate(tasks.inputs);
      polling ??= this.#reader.poll(worked ? 0 : longestPoll).catch((error) => tasks.refused(error));
      const batches = await Promise.race([polling, worked ? undefined : this.#wakeup.wait()]);
      if (batches !== undefined) {
        polling = undefined;
        for (const batch of batches) tasks.input(batch.topic, batch.partition)?.add(batch);
        for (const input of tasks.inputs) input.passed(this.#reader.position(input));
      }
      if (worked) await this.#parts.clock.breathe();
    }
    // A poll left pending ends when the reader is closed; its records are read again by whoever comes next.
    polling?.catch(() => {});
  }

  #commitDue(tasks: TaskSet): void {
    const { clock, settings } = this.#parts;
    const due = clock.monotonic() - this.#lastCommit >= settings.commitInterval;
    if (due) this.#lastCommit = clock.monotonic();
    if (this.#suspended) return;
    for (const task of tasks.tasks) {
      if (!(due || task.full) || !task.needsCommit) continue;
      task.commit().catch((error: unknown) => {
        tasks.failed(task, error);
        this.#wakeup.wake();
      });
    }
  }

  #failed({ id }: TaskPlan, error: MillraceError): void {
    for (const task of this.tasks!.tasks) if (task.plan.id === id) this.tasks!.failed(task, error);
    this.#wakeup.wake();
  }

  #background(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) this.#fatal(asMillraceError(error, 'The worker'));
    });
  }

  #fatal(error: MillraceError): void {
    this.#suspended = true;
    this.#parts.onFatal(error);
  }

  /** Finishes what is being processed, commits, leaves the group and lets go of everything. */
  async stop(): Promise<void> {
    this.#suspended = true;
    await this.#member?.leave();
    await this.tasks?.closeAll();
    await this.#end();
    await this.#parts.transport.close();
    await this.tasks?.abandonAll(); // those that did not commit in time
  }

  /** Stops without a last commit: what is not committed is done again by whoever takes over. */
  async abort(): Promise<void> {
    this.#suspended = true;
    await this.tasks?.abandonAll();
    await this.#member?.leave().catch(() => {});
    await this.#end();
    await this.#parts.transport.close().catch(() => {});
  }

  /** Drops everything as a killed process would; the broker finds out by itself. */
  async crash(): Promise<void> {
    this.#suspended = true;
    this.#stopped.abort(new Error('The worker was crashed'));
    this.#parts.transport.crash();
    await this.tasks?.abandonAll();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#stopped.abort(new Error('The worker has stopped'));
    this.#wakeup.wake();
    await this.#reader.close();
    await this.#standbys?.close();
    await this.#globals?.close();
    await this.#loop;
  }
}
