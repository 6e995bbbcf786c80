import { MillraceError } from '../../errors.ts';
import { asMillraceError } from '../asMillraceError.ts';
import { delay } from '../clock.ts';
import type { TaskPlan } from '../plan.ts';
import type { StoreRow } from '../storeRows.ts';
import { passing } from '../taskErrors.ts';
import type { TaskHome } from '../taskHome.ts';
import type { Batch, Reader } from '../transport/transport.ts';
import { wakeup } from '../wakeup.ts';
import type { Staleness } from './staleness.ts';
import type { StandbySetting } from './standbySetting.ts';
import { openStandby, type StandbyTask } from './standbyTask.ts';
import { Warmups } from './warmups.ts';

/** ms to wait for records; what is followed from now on is read after that. */
const longestPoll = 100;
/** ms between two reports about one that goes on. */
const reportEvery = 1_000;
/** ms until one that has failed is opened again: doubles with each failure. */
const firstPause = 1_000;
const longestPause = 60_000;

interface Wanted {
  readonly plan: TaskPlan;
  readonly ending: AbortController;
  pause: number;
}

/** What was last told of a standby. */
interface Told {
  readonly at: number;
  readonly sequence: number;
  readonly lag: number | undefined;
}

/** The tasks a worker follows, all by one reader. What goes wrong with one of them is told and tried again; the worker goes on. */
export class StandbySet {
  readonly #setting: StandbySetting;
  readonly #warmups: Warmups;
  readonly #wanted = new Map<string, Wanted>();
  readonly #open = new Map<string, StandbyTask>();
  /** What the reader reads for. */
  #read: ReadonlySet<StandbyTask> = new Set();
  readonly #openings = new Set<Promise<void>>();
  readonly #told = new WeakMap<StandbyTask, Told>();
  readonly #stopped = new AbortController();
  readonly #wakeup = wakeup();
  #loop: Promise<void> | undefined;

  constructor(setting: StandbySetting) {
    this.#setting = setting;
    this.#warmups = new Warmups(setting.clock, setting.probingIntervalMs);
  }

  /** Each with how much of its state there is. */
  get positions(): ReadonlyMap<string, number> {
    return new Map([...this.#open].map(([id, { position }]) => [id, position]));
  }

  /** What those hold of a store that are not further behind than allowed. */
  rows(store: string, staleness: Staleness | undefined): readonly StoreRow[] {
    if (staleness === undefined) return [];
    return [...this.#open.values()].flatMap((task) => task.rows(store, staleness) ?? []);
  }

  /** The tasks to follow from now on; those of before that are not among them end. */
  assign(plans: readonly TaskPlan[], warmups: readonly string[]): void {
    if (this.#stopped.signal.aborted) return;
    const ids = new Set(plans.map(({ id }) => id));
    for (const id of [...this.#wanted.keys()]) if (!ids.has(id)) this.#close(this.#leave(id));
    for (const plan of plans) if (!this.#wanted.has(plan.id)) this.#begin(plan);
    this.#warmups.assign(warmups);
    if (plans.length === 0) return;
    this.#loop ??= this.#follow().catch((error: unknown) => {
      if (this.#stopped.signal.aborted) return;
      this.#setting.onWarning(asMillraceError(error, 'What follows the standbys'));
      this.#loop = undefined; // begins again with the next assignment
    });
  }

  /** The state of a task that is to run here from now on, as far as it was followed; undefined where it was not. */
  handOver(id: string): TaskHome | undefined {
    return this.#leave(id)?.handOver();
  }

  async close(): Promise<void> {
    this.#stopped.abort(new Error('The worker has stopped'));
    for (const id of [...this.#wanted.keys()]) this.#close(this.#leave(id));
    this.#wakeup.wake();
    await Promise.all([this.#loop, ...this.#openings]);
  }

  #begin(plan: TaskPlan): void {
    const wanted = { plan, ending: new AbortController(), pause: firstPause };
    this.#wanted.set(plan.id, wanted);
    this.#openSoon(wanted, 0);
  }

  #leave(id: string): StandbyTask | undefined {
    const task = this.#open.get(id);
    this.#wanted.get(id)?.ending.abort(new Error('The assignment has changed'));
    this.#wanted.delete(id);
    this.#open.delete(id);
    return task;
  }

  #close(task: StandbyTask | undefined): void {
    try {
      task?.close();
    } catch (error) {
      this.#setting.onWarning(asMillraceError(error, `The state of task ${task?.plan.id}`));
    }
  }

  #openSoon(wanted: Wanted, after: number): void {
    const opening = this.#openAfter(wanted, after).finally(() => this.#openings.delete(opening));
    this.#openings.add(opening);
  }

  async #openAfter(wanted: Wanted, pause: number): Promise<void> {
    const { plan, ending } = wanted;
    try {
      if (pause > 0) await delay(this.#setting.clock, pause, ending.signal);
      const task = await openStandby(this.#setting, plan, ending.signal);
      this.#open.set(plan.id, task);
      this.#wakeup.wake();
    } catch (error) {
      if (!ending.signal.aborted) this.#failed(wanted, error);
    }
  }

  #failed(wanted: Wanted, cause: unknown): void {
    const { id } = wanted.plan;
    const error = asMillraceError(cause, `The standby of task ${id}`);
    const task = this.#open.get(id);
    this.#open.delete(id);
    if (error.code === 'STATE_CORRUPT') task?.setAside(error);
    else this.#close(task);
    if (!passing.has(error.code)) this.#setting.onWarning(standbyFailed(id, error));
    this.#openSoon(wanted, wanted.pause);
    wanted.pause = Math.min(longestPause, wanted.pause * 2);
  }

  async #follow(): Promise<void> {
    const reader = this.#setting.transport.reader({ isolation: 'committed', maxBytes: 8 << 20 });
    const { signal } = this.#stopped;
    try {
      while (!signal.aborted) {
        if (this.#open.size === 0) await this.#wakeup.wait();
        this.#tellReader(reader);
        const batches = await this.#poll(reader);
        for (const task of this.#read) {
          if (this.#advance(task, batches, reader)) await this.#setting.clock.breathe();
        }
        if (this.#warmups.isDue((id) => this.#isReady(id))) this.#setting.probe();
      }
    } finally {
      this.#read = new Set();
      await reader.close();
    }
  }

  /** Nobody else moves it: what was read before goes on where it is. */
  #tellReader(reader: Reader): void {
    const tasks = new Set(this.#open.values());
    const before = this.#read;
    if (tasks.size === before.size && [...tasks].every((task) => before.has(task))) return;
    const positions = [...tasks].flatMap((task) =>
      task.changelogs.map(({ topic, from }) => {
        const place = { topic, partition: task.plan.partition };
        return { ...place, offset: before.has(task) ? reader.position(place) : from };
      }),
    );
    this.#read = tasks;
    reader.assign(positions);
  }

  async #poll(reader: Reader): Promise<readonly Batch[]> {
    try {
      return this.#read.size === 0 ? [] : await reader.poll(longestPoll);
    } catch (error) {
      if (this.#stopped.signal.aborted) return [];
      const task = this.#at(error);
      if (task !== undefined) this.#fail(task, error);
      else {
        const known = asMillraceError(error, 'The reader of standbys');
        if (!passing.has(known.code)) this.#setting.onWarning(known);
        await delay(this.#setting.clock, firstPause, this.#stopped.signal).catch(() => {}); // the loop looks at the signal
      }
      return [];
    }
  }

  /** The standby whose changelog an error is about. */
  #at(error: unknown): StandbyTask | undefined {
    if (!(error instanceof MillraceError)) return undefined;
    const { topic, partition } = error.details;
    return [...this.#open.values()].find(
      ({ plan, changelogs }) =>
        plan.partition === partition && changelogs.some((changelog) => changelog.topic === topic),
    );
  }

  /** Gives it what has been read for it, and applies what is whole. true: there was something. */
  #advance(task: StandbyTask, batches: readonly Batch[], reader: Reader): boolean {
    const { id, partition } = task.plan;
    if (this.#open.get(id) !== task) return false;
    const mine = batches.filter((batch) => batch.partition === partition && task.reads(batch.topic));
    try {
      for (const batch of mine) task.take(batch);
      task.settle(reader);
    } catch (error) {
      this.#fail(task, error);
      return true;
    }
    this.#report(task);
    return mine.length > 0;
  }

  #fail({ plan }: StandbyTask, error: unknown): void {
    const wanted = this.#wanted.get(plan.id);
    if (wanted !== undefined) this.#failed(wanted, error);
  }

  #isReady(id: string): boolean {
    const records = this.#open.get(id)?.lag.records;
    return records !== undefined && records <= this.#setting.acceptableLag;
  }

  #report(task: StandbyTask): void {
    const { lag, sequence, plan } = task;
    const now = this.#setting.clock.monotonic();
    const last = this.#told.get(task);
    if (last !== undefined && now - last.at < reportEvery) return;
    if (last?.sequence === sequence && last.lag === lag.records) return;
    this.#told.set(task, { at: now, sequence, lag: lag.records });
    const warmup = this.#warmups.has(plan.id);
    this.#setting.onProgress({ task: plan.id, warmup, sequence, lag: lag.records, lagMs: lag.ms });
  }
}

function standbyFailed(task: string, cause: MillraceError): MillraceError {
  return new MillraceError(cause.code, `The standby of task ${task} has failed, and is opened again`, {
    cause,
    next: cause.details.next ?? 'Look at the cause. The task itself runs elsewhere and goes on.',
  });
}
