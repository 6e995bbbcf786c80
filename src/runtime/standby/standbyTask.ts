import type { MillraceError } from '../../errors.ts';
import { beginRestore, type Restoration } from '../../state/restore.ts';
import { openTaskState } from '../../state/taskState.ts';
import { ChangelogGuard } from '../changelogGuard.ts';
import { checkHistory, visitChangelog } from '../changelogRecords.ts';
import { appliedBy, localMeta } from '../commitMeta.ts';
import { type Changelog, findChangelogs } from '../findChangelogs.ts';
import { reached } from '../placement/storedTasks.ts';
import type { TaskPlan } from '../plan.ts';
import type { Restored } from '../restoreState.ts';
import { unplaced, withoutStale } from '../staleState.ts';
import { type StoreRow, storeRows } from '../storeRows.ts';
import { openTaskHome, type TaskHome } from '../taskHome.ts';
import type { Batch, Reader } from '../transport/transport.ts';
import type { Staleness } from './staleness.ts';
import type { StandbySetting } from './standbySetting.ts';
import { type Place, WholeCommits } from './wholeCommits.ts';

/** Rows held back for the end of their commits; a task that runs has no more in one. */
const mostHeldBack = 100_000;
/** Of which rows are sorted into the tables, which takes about 200 ms: tasks run on this worker as well. */
const settleRows = 100_000;

/** How far a standby is behind its changelogs. */
export interface StandbyLag {
  /** Records, of all stores; undefined before it is known. */
  readonly records: number | undefined;
  /** ms since brokers have last told that there is nothing left to apply; Infinity where they have not yet. */
  readonly ms: number;
}

/** A changelog that is followed. */
interface Followed extends Changelog {
  /** Says what counts of what is read. */
  readonly guard: ChangelogGuard;
}

/** Follows the changelogs of a task that another worker runs: its database is always at the end of a commit. */
export class StandbyTask {
  readonly plan: TaskPlan;
  /** What to read, and from where on. */
  readonly changelogs: readonly Changelog[];
  readonly #setting: StandbySetting;
  readonly #home: TaskHome;
  readonly #commits: WholeCommits;
  readonly #restoration: Restoration;
  readonly #followed: ReadonlyMap<string, Followed>;
  #local: Restored;
  /** There are no rows any more that are to be taken out. */
  #isPlaced: boolean;
  #records: number | undefined;
  #atEnd = Number.NEGATIVE_INFINITY;

  /** `local`: what of the state at home can be brought up to date. */
  constructor(
    setting: StandbySetting,
    plan: TaskPlan,
    home: TaskHome,
    local: Restored,
    changelogs: readonly Changelog[],
  ) {
    const { stores } = plan.subtopology;
    const { commit, partial, claims } = local;
    this.plan = plan;
    this.changelogs = changelogs;
    this.#setting = setting;
    this.#home = home;
    this.#followed = new Map(
      changelogs.map((changelog) => {
        const { topic } = changelog;
        return [topic, { ...changelog, guard: new ChangelogGuard(claims.get(topic) ?? []) }];
      }),
    );
    const places = changelogs.map(({ topic, from }) => {
      return [topic, { offset: from, claims: claims.get(topic) ?? [] }] as const;
    });
    this.#local = { ...local, ...statesOf(new Map(places)) };
    this.#commits = new WholeCommits(
      stores,
      setting.names.changelog,
      new Map(places),
      partial ?? appliedBy(stores, commit),
      partial === undefined ? undefined : commit,
    );
    const cleared = unplaced({ stores, names: setting.names }, local);
    this.#isPlaced = cleared.size === 0;
    this.#restoration = beginRestore(home.backend, stores, { settleRows, cleared });
  }

  reads(topic: string): boolean {
    return this.#followed.has(topic);
  }

  /** How much of the task's state there is. */
  get position(): number {
    return reached(this.#local.changelogs);
  }

  /** The last commit that is in its state. */
  get sequence(): number {
    return this.#local.partial === undefined ? (this.#local.commit?.sequence ?? 0) : 0;
  }

  get lag(): StandbyLag {
    return { records: this.#records, ms: this.#setting.clock.monotonic() - this.#atEnd };
  }

  take(batch: Batch): void {
    const { store, guard } = this.#followed.get(batch.topic)!;
    visitChangelog(batch, store, guard, {
      row: (name, key, value, timestamp) => this.#commits.row(name, key, value, timestamp),
      commit: (topic, meta, nextOffset) =>
        this.#commits.commit(topic, meta, { offset: nextOffset, claims: guard.claims }),
    });
    const { newest } = this.#commits;
    if (newest !== undefined) checkHistory(this.#local.commit, newest, batch);
  }

  /**
   * Applies what is whole now. The reader tells how far it has come, and how far there is to go. As long as late records of a
   * former owner cover what counts, all waits for the owner to put it right: who goes on from here has to see it, too.
   */
  settle(reader: Reader): void {
    const isCovered = [...this.#followed.values()].some(({ guard }) => guard.covered.length > 0);
    if (!isCovered) {
      const commit = this.#commits.applyWhole(this.#restoration);
      if (commit !== undefined)
        this.#write({ ...this.#local, ...this.#states(reader), commit, partial: undefined });
    }
    if (this.#commits.pendingRows > mostHeldBack) this.#spill(reader, isCovered);
    if (!isCovered) this.#local = { ...this.#local, ...this.#states(reader) };
    this.#measure(reader);
  }

  #spill(reader: Reader, isCovered: boolean): void {
    const commit = this.#commits.newest ?? this.#local.commit;
    this.#commits.spill(this.#restoration);
    const states = isCovered ? this.#local : this.#states(reader);
    this.#write({ ...this.#local, ...states, commit, partial: this.#commits.applied });
  }

  #write(local: Restored): void {
    const meta = localMeta(local, this.#home.storesSignature, this.#setting.clock.now());
    if (local.partial === undefined) this.#restoration.finish(meta);
    else this.#restoration.commit(meta);
    this.#local = local;
    this.#isPlaced = true;
  }

  #described(): ReadonlySet<string> {
    const found = [...this.#followed.values()].filter(({ guard }) => guard.isDescribed);
    return new Set([...this.#local.described, ...found.map(({ topic }) => topic)]);
  }

  #states(reader: Reader): Pick<Restored, 'changelogs' | 'claims'> {
    const { partition } = this.plan;
    const places = [...this.#followed.values()].map(({ topic, guard }) => {
      const read = { offset: reader.position({ topic, partition }), claims: guard.claims };
      return [topic, this.#commits.place(topic, read)] as const;
    });
    return statesOf(new Map(places));
  }

  #measure(reader: Reader): void {
    const { partition } = this.plan;
    let records = 0;
    let heardAt = Number.POSITIVE_INFINITY;
    for (const [topic, position] of this.#local.changelogs) {
      const end = reader.end({ topic, partition });
      if (end === undefined) return;
      records += Math.max(0, end - position);
      heardAt = Math.min(heardAt, reader.heardAt({ topic, partition })!);
    }
    this.#records = records;
    if (records > 0) return;
    this.#atEnd = heardAt;
    this.#local = { ...this.#local, time: this.#setting.clock.now(), described: this.#described() };
  }

  /** What it holds of a store; undefined where it is further behind than allowed, or in the middle of a commit. */
  rows(store: string, { records, timeMs }: Staleness): readonly StoreRow[] | undefined {
    const { lag } = this;
    if (this.#local.partial !== undefined || this.#local.commit === undefined) return undefined;
    if (lag.records === undefined || lag.records > records || lag.ms > timeMs) return undefined;
    const { stores } = this.plan.subtopology;
    const state = openTaskState(this.#home.backend, stores);
    try {
      return storeRows(stores, state, store);
    } finally {
      state.close();
    }
  }

  /** Ends it and gives its state, open as it is, to whoever runs the task from now on. */
  handOver(): TaskHome {
    return this.#isPlaced ? { ...this.#home, local: this.#local } : this.#home;
  }

  close(): void {
    this.#home.close();
  }

  /** Ends it, and moves its state out of the way, since it was found to be damaged. */
  setAside(damage: MillraceError): void {
    this.#home.setAside(damage);
  }
}

function statesOf(places: ReadonlyMap<string, Place>): Pick<Restored, 'changelogs' | 'claims'> {
  const all = [...places];
  return {
    changelogs: new Map(all.map(([topic, { offset }]) => [topic, offset])),
    claims: new Map(all.map(([topic, { claims }]) => [topic, claims])),
  };
}

/** Opens the state of a task to follow it; nothing is read yet. */
export async function openStandby(
  setting: StandbySetting,
  plan: TaskPlan,
  signal: AbortSignal,
): Promise<StandbyTask> {
  const { names, transport, clock, place, onWarning } = setting;
  const { stores } = plan.subtopology;
  const { application } = names;
  const seed = setting.seed?.(plan, signal);
  const wanted = { place, application, task: plan.id, stores, clock, signal, onWarning, seed };
  const home = await openTaskHome(wanted);
  try {
    const { partition, id: task } = plan;
    const parts = { task, stores, names, partition, transport, clock, signal, onWarning };
    const local = await withoutStale(parts, home.local);
    const changelogs = await findChangelogs(parts, local.changelogs);
    signal.throwIfAborted();
    return new StandbyTask(setting, plan, home, local, changelogs);
  } catch (error) {
    home.close();
    throw error;
  }
}
