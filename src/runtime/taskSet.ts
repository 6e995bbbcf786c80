import type { MillraceError } from '../errors.ts';
import type { ActiveTask } from './activeTask.ts';
import { asMillraceError } from './asMillraceError.ts';
import { type Later, later } from './later.ts';
import { openPatiently } from './openPatiently.ts';
import { orAborted } from './orAborted.ts';
import type { TaskPlan } from './plan.ts';
import { PoisonedRecords } from './poisonedRecords.ts';
import { reopened } from './reopened.ts';
import { isStray, Strays, strayed, untilHeard } from './strays.ts';
import type { TaskInput } from './task/task.ts';
import { passing } from './taskErrors.ts';
import type { TaskSetting } from './taskSetting.ts';
import { tooLate } from './tooLate.ts';
import type { Batch, Reader } from './transport/transport.ts';

/** Tasks restored side by side: each keeps a fetch busy. */
const openAtOnce = 4;
/** ms from when a task is opened until it is read for, so that this is not done for each of many. */
const readDelay = 20;

/** The tasks a worker runs: opened when assigned, opened again when they fail in passing, closed when taken away. */
export class TaskSet {
  readonly #setting: TaskSetting;
  readonly #reader: Reader;
  readonly #tasks = new Map<string, ActiveTask>();
  readonly #inputs = new Map<string, TaskInput>();
  readonly #poisoned: PoisonedRecords;
  readonly #reopening = new Map<string, Promise<void>>();
  readonly #strays = new Strays();
  /** Tasks whose state was found damaged while they ran. */
  readonly #rebuilt = new Set<string>();
  readonly #fatal: (error: MillraceError) => void;
  #assigned = new AbortController();
  readonly #reading: Later;
  /** Tasks that do not run any more and have not let go of their folders yet. */
  readonly #ending = new Map<string, Promise<void>>();

  constructor(setting: TaskSetting, reader: Reader, fatal: (error: MillraceError) => void) {
    this.#setting = setting;
    this.#reader = reader;
    this.#fatal = fatal;
    this.#poisoned = new PoisonedRecords(setting.names);
    this.#reading = later(setting.clock, readDelay, () => {
      this.#read();
      setting.wake();
    });
  }

  get tasks(): Iterable<ActiveTask> {
    return this.#tasks.values();
  }

  get count(): number {
    return this.#tasks.size;
  }

  /** Each with how much of its state there is. */
  get running(): ReadonlyMap<string, number> {
    return new Map([...this.#tasks].map(([id, { position }]) => [id, position]));
  }

  /** Written by all tasks, and not acknowledged by brokers. */
  get pendingBytes(): number {
    return [...this.#tasks.values()].reduce((bytes, task) => bytes + task.pendingBytes, 0);
  }

  input(topic: string, partition: number): TaskInput | undefined {
    return this.#inputs.get(`${topic}/${partition}`);
  }

  get inputs(): Iterable<TaskInput> {
    return this.#inputs.values();
  }

  /**
   * Makes these the tasks that run. Those that ran before and stay go on where they are, as soon as `goOn` says so: when those
   * that go have committed. Each of the others runs when it is restored; it resolves when all do. When it is aborted it
   * waits for nothing: what is still being opened or closed ends by itself.
   */
  async assign(plans: readonly TaskPlan[], signal: AbortSignal, goOn: () => void): Promise<void> {
    this.#assigned = new AbortController();
    const either = AbortSignal.any([signal, this.#assigned.signal]);
    await orAborted(this.#assign(plans, either, goOn), either);
  }

  async #assign(plans: readonly TaskPlan[], signal: AbortSignal, goOn: () => void): Promise<void> {
    const wanted = new Map(plans.map((plan) => [plan.id, plan]));
    const gone = [...this.#tasks.values()].filter(({ plan }) => !wanted.has(plan.id));
    for (const { plan } of gone) this.#tasks.delete(plan.id);
    await Promise.all(gone.map((task) => this.#closeClean(task)));
    if (signal.aborted) return;
    this.#read();
    goOn();
    const missing = plans.filter(({ id }) => !this.#tasks.has(id));
    const lanes = Array.from({ length: openAtOnce }, async () => {
      for (let plan = missing.shift(); plan !== undefined; plan = missing.shift()) {
        await this.#open(plan, signal);
        if (!signal.aborted) this.#reading.ask();
      }
    });
    await Promise.all(lanes);
    if (!signal.aborted) this.#read();
  }

  async #open(plan: TaskPlan, signal: AbortSignal): Promise<void> {
    await orAborted(this.#ending.get(plan.id) ?? Promise.resolve(), signal);
    const task = await openPatiently(this.#setting, plan, this.#poisoned.of(plan), signal);
    if (task !== undefined && signal.aborted) await this.#abandon(task);
    else if (task !== undefined) this.#tasks.set(plan.id, task);
  }

  /** Tells the reader what to read; where a partition was read before it goes on with what was fetched ahead. */
  #read(): void {
    this.#reading.cancel();
    const before = new Map(this.#inputs);
    this.#inputs.clear();
    const positions = [...this.#tasks.values()].flatMap((task) =>
      task.inputs.map((input) => {
        const { topic, partition } = input;
        const key = `${topic}/${partition}`;
        this.#inputs.set(key, input);
        const goesOn = before.get(key) === input;
        return {
          topic,
          partition,
          offset: goesOn ? this.#reader.position({ topic, partition }) : input.position,
        };
      }),
    );
    this.#reader.assign(positions);
  }

  /**
   * Opens nothing more and commits all tasks: what has been processed is safe when it resolves. Tasks whose commit fails are
   * given up, and with a warning those that have not committed within the time that is allowed: nobody waits for them.
   */
  async revoke(): Promise<void> {
    const { clock, revokeTimeoutMs } = this.#setting;
    const over = new AbortController();
    const cancel = clock.after(revokeTimeoutMs, () => over.abort());
    await orAborted(this.halt(), over.signal);
    await Promise.all([...this.#tasks.values()].map((task) => this.#commitWithin(task, over.signal)));
    cancel();
  }

  async #commitWithin(task: ActiveTask, over: AbortSignal): Promise<void> {
    const { id } = task.plan;
    let committed = false;
    try {
      const commit = task.commitRest().then(() => {
        committed = true;
      });
      await orAborted(commit, over);
      if (committed) return;
      this.#setting.onWarning(tooLate(id, this.#setting.revokeTimeoutMs));
    } catch (error) {
      const known = asMillraceError(error, `Task ${id}`);
      if (!passing.has(known.code)) this.#fatal(known);
    }
    this.#tasks.delete(id);
    await orAborted(this.#abandon(task), over);
  }

  /** Gives a task up; it never fails. */
  #abandon(task: ActiveTask, damage?: MillraceError): Promise<void> {
    return this.#end(task, task.abandon(damage));
  }

  #end({ plan }: ActiveTask, end: Promise<void>): Promise<void> {
    const ended = Promise.all([this.#ending.get(plan.id), end]).then(() => {
      if (this.#ending.get(plan.id) === ended) this.#ending.delete(plan.id);
    });
    this.#ending.set(plan.id, ended);
    return ended;
  }

  /** A position that the reader refuses is the failure of the task that is there, and nobody's where tasks were given up. */
  refused(error: unknown): readonly Batch[] {
    const task = strayed(this.#tasks.values(), error);
    if (task === undefined) this.#read();
    else this.failed(task, error);
    return [];
  }

  /** Ends a task that failed; opens it again, or ends the application. */
  failed(task: ActiveTask, cause: unknown): void {
    const { id } = task.plan;
    if (this.#tasks.get(id) !== task) return;
    this.#tasks.delete(id);
    this.#read();
    const error = asMillraceError(cause, `Task ${task.plan.id}`);
    // What is damaged again after it was rebuilt will not get better by itself.
    const isDamaged = error.code === 'STATE_CORRUPT' && !this.#rebuilt.has(id);
    if (isDamaged) this.#rebuilt.add(id);
    const again =
      passing.has(error.code) ||
      isDamaged ||
      this.#strays.isNew(error) ||
      this.#poisoned.add(task.plan, error);
    const { signal } = this.#assigned;
    const ending = this.#abandon(task, isDamaged ? error : undefined).then(async () => {
      if (!again) return this.#fatal(error);
      this.#setting.onWarning(reopened(id, error));
      if (error.code === 'FENCED' || isStray(error)) await untilHeard(this.#setting.clock, signal);
      await this.#open(task.plan, signal);
      if (!signal.aborted) this.#read();
      this.#setting.wake();
    });
    const settled = ending
      .catch((reason: unknown) => this.#fatal(asMillraceError(reason, `Task ${task.plan.id}`)))
      .finally(() => this.#reopening.delete(id));
    this.#reopening.set(id, settled);
  }

  #closeClean(task: ActiveTask): Promise<void> {
    const closed = task.closeClean().catch(async (error: unknown) => {
      await task.abandon();
      const known = asMillraceError(error, `Task ${task.plan.id}`);
      if (!passing.has(known.code)) this.#fatal(known);
    });
    return this.#end(task, closed);
  }

  /** Nothing new is opened from now on; what is being opened gives up. */
  async halt(): Promise<void> {
    this.#reading.cancel();
    this.#assigned.abort(new Error('The assignment has changed'));
    await Promise.all(this.#reopening.values());
  }

  /** Closes all tasks after a last commit. */
  async closeAll(): Promise<void> {
    await this.halt();
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    this.#read();
    await Promise.all(tasks.map((task) => this.#closeClean(task)));
  }

  /** Gives up all tasks: they belong to others now, or the worker has failed. */
  async abandonAll(): Promise<void> {
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    this.#inputs.clear(); // the reader, which may be gone with its connection, is told at the next assignment
    for (const task of tasks) void this.#abandon(task);
    await this.halt();
    await Promise.all(this.#ending.values());
  }
}
