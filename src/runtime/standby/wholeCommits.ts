import type { Encoded } from '../../dsl/codecs/codec.ts';
import type { NamedStore } from '../../dsl/topology.ts';
import type { Restoration } from '../../state/restore.ts';
import type { Claim } from '../changelogClaims.ts';
import { type AppliedCommits, type CommitMeta, changedAt, torn } from '../commitMeta.ts';

interface Row {
  readonly key: Encoded;
  readonly value: Encoded | null;
  readonly timestamp: number;
}

/** A place in a changelog: the next offset to read, and the claims that stand before it. */
export interface Place {
  readonly offset: number;
  readonly claims: readonly Claim[];
}

/** Rows up to the end of a commit. */
interface Segment {
  readonly sequence: number;
  readonly rows: readonly Row[];
  readonly end: Place;
}

interface Following {
  readonly name: string;
  /** The last commit of which rows have been applied, or `torn`. */
  applied: number;
  /** Behind what was applied. */
  place: Place;
  readonly ended: Segment[];
  open: Row[];
}

/** Commits that are not whole yet and are remembered as places to stop at. */
const mostCommits = 1_000;

/**
 * Rows of a task's changelogs, held back until they make up whole commits. The changelogs are read side by side, so one is ahead of
 * another; a commit is whole when of each changelog as much is there as the commit says it has changed. Compaction removes the
 * ends of earlier commits: then the next one whose ends are all there is whole.
 */
export class WholeCommits {
  readonly #stores: readonly Following[];
  readonly #byName: ReadonlyMap<string, Following>;
  readonly #byTopic: ReadonlyMap<string, Following>;
  readonly #commits: CommitMeta[] = [];
  #pending = 0;

  constructor(
    stores: readonly NamedStore[],
    topicOf: (store: string) => string,
    /** Where reading begins, by topic. */
    places: ReadonlyMap<string, Place>,
    applied: AppliedCommits,
    /** The last commit of state that is not whole. */
    commit: CommitMeta | undefined,
  ) {
    if (commit !== undefined) this.#commits.push(commit);
    this.#stores = stores.map(({ name }) => {
      const place = places.get(topicOf(name))!;
      return { name, applied: applied.get(name) ?? torn, place, ended: [], open: [] };
    });
    this.#byName = new Map(this.#stores.map((store) => [store.name, store]));
    this.#byTopic = new Map(this.#stores.map((store) => [topicOf(store.name), store]));
  }

  /** Rows that are held back. */
  get pendingRows(): number {
    return this.#pending;
  }

  row(store: string, key: Encoded, value: Encoded | null, timestamp: number): void {
    this.#byName.get(store)!.open.push({ key, value, timestamp });
    this.#pending++;
  }

  commit(topic: string, meta: CommitMeta, end: Place): void {
    const store = this.#byTopic.get(topic)!;
    store.ended.push({ sequence: meta.sequence, rows: store.open, end });
    store.open = [];
    if (store !== this.#stores[0]) return;
    this.#commits.push(meta);
    if (this.#commits.length > mostCommits) this.#commits.shift();
  }

  /** The newest commit of which the rows have been read, whole or not; undefined: none since one was whole. */
  get newest(): CommitMeta | undefined {
    return this.#commits.at(-1);
  }

  /** Applies everything up to the newest commit that is whole, and gives it; undefined: none has become whole. */
  applyWhole(restoration: Restoration): CommitMeta | undefined {
    const index = this.#commits.findLastIndex((commit) => this.#isWhole(commit));
    const commit = this.#commits[index];
    if (commit === undefined) return undefined;
    this.#commits.splice(0, index + 1);
    for (const store of this.#stores)
      this.#apply(store, lastIndex(store, commit, this.#stores[0]!), restoration);
    return commit;
  }

  /** Applies all there is: what is held back would be too much. The rows are those of no commit until the next that is whole. */
  spill(restoration: Restoration): void {
    for (const store of this.#stores) {
      this.#apply(store, store.ended.length - 1, restoration);
      if (store.open.length === 0) continue;
      for (const { key, value, timestamp } of store.open)
        restoration.apply(store.name, key, value, timestamp);
      this.#pending -= store.open.length;
      store.open = [];
      store.applied = torn;
    }
  }

  /** Behind which commit each store is. */
  get applied(): AppliedCommits {
    return new Map(this.#stores.map(({ name, applied }) => [name, applied]));
  }

  /** Behind what has been applied of a changelog that was read up to `read`. */
  place(topic: string, read: Place): Place {
    const { open, ended, place } = this.#byTopic.get(topic)!;
    return open.length === 0 && ended.length === 0 ? read : place;
  }

  #isWhole(commit: CommitMeta): boolean {
    return this.#stores.every((store) => {
      const wanted = changedAt(store.name, commit, this.#stores[0]!.name);
      const segment = store.ended[lastIndex(store, commit, this.#stores[0]!)];
      return segment === undefined ? store.applied === wanted : segment.sequence === wanted;
    });
  }

  #apply(store: Following, last: number, restoration: Restoration): void {
    for (const { rows, sequence, end } of store.ended.splice(0, last + 1)) {
      for (const { key, value, timestamp } of rows) restoration.apply(store.name, key, value, timestamp);
      this.#pending -= rows.length;
      store.applied = sequence;
      store.place = end;
    }
  }
}

/** Of the store's last segment that belongs to the commit or to one before it. */
function lastIndex(store: Following, commit: CommitMeta, first: Following): number {
  const wanted = changedAt(store.name, commit, first.name);
  return store.ended.findLastIndex(({ sequence }) => sequence <= wanted);
}
