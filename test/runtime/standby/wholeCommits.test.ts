import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { count, stream, text, to, topology } from '../../../src/index.ts';
import { appliedBy, type CommitMeta } from '../../../src/runtime/commitMeta.ts';
import { type Place, WholeCommits } from '../../../src/runtime/standby/wholeCommits.ts';
import { memoryBackend } from '../../../src/state/memory.ts';
import type { Restoration } from '../../../src/state/restore.ts';
import { beginRestore } from '../../../src/state/restore.ts';

const orders = stream('in', { key: text, value: text });
const [subtopology] = topology([
  orders.pipe(count('first'), to('out')),
  orders.pipe(count('second'), to('out')),
  orders.pipe(count('third'), to('out')),
]).subtopologies;
const { stores } = subtopology!;
const names = stores.map(({ name }) => name);
const topicOf = (store: string): string => `${store}-changelog`;

const placeAt = (offset: number): Place => ({ offset, claims: [] });
const startsOf = (): Map<string, Place> => new Map(names.map((name) => [topicOf(name), placeAt(0)]));

type Entry =
  | { readonly kind: 'row'; readonly key: string; readonly value: string }
  | { readonly kind: 'commit'; readonly meta: CommitMeta };

interface History {
  /** By store, the records of its changelog at their offsets; undefined where compaction has taken one away. */
  readonly logs: Record<string, (Entry | undefined)[]>;
  /** By sequence, what the rows are then. */
  readonly states: ReadonlyMap<number, string>;
}

/** Commits of rows, each to some of the stores, as a task writes them. */
function historyOf(commits: readonly (readonly [store: number, key: number][])[]): History {
  const logs: Record<string, Entry[]> = Object.fromEntries(names.map((name) => [name, []]));
  const rows = new Map<string, string>();
  const states = new Map([[0, stateOf(rows)]]);
  // The first commit of a task that was opened ends in all changelogs.
  const changed = new Map(names.slice(1).map((name) => [name, 1]));
  commits.forEach((writes, index) => {
    const sequence = index + 1;
    writes.forEach(([store, key]) => {
      const name = names[store]!;
      logs[name]!.push({ kind: 'row', key: `${key}`, value: `${sequence}` });
      rows.set(`${name} ${key}`, `${sequence}`);
      if (store > 0) changed.set(name, sequence);
    });
    const meta = {
      sequence,
      incarnation: 'i',
      positions: {},
      streamTime: 0,
      changed: Object.fromEntries(changed),
    };
    for (const name of names) {
      if (name === names[0] || changed.get(name) === sequence) logs[name]!.push({ kind: 'commit', meta });
    }
    states.set(sequence, stateOf(rows));
  });
  return { logs, states };
}

const stateOf = (rows: ReadonlyMap<string, string>): string =>
  [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).join('; ');

/** As compaction leaves a log whose first part it has seen: of each key the last record. */
function compacted(log: readonly (Entry | undefined)[], upTo: number): (Entry | undefined)[] {
  const keyOf = (entry: Entry): string => (entry.kind === 'row' ? entry.key : 'commit');
  const cleaned = log.slice(0, upTo);
  return log.map((entry, offset) => {
    if (entry === undefined || offset >= upTo) return entry;
    const later = cleaned
      .slice(offset + 1)
      .some((other) => other !== undefined && keyOf(other) === keyOf(entry));
    return later ? undefined : entry;
  });
}

const commits = fc.array(fc.array(fc.tuple(fc.nat(2), fc.nat(3)), { maxLength: 5 }), {
  minLength: 1,
  maxLength: 12,
});
/** Whose turn it is to be read, how much at a time, and how often there is too much to hold back. */
const reads = fc.array(
  fc.record({ store: fc.nat(2), records: fc.integer({ min: 1, max: 6 }), spill: fc.nat(3) }),
);

function rowsIn(backend: ReturnType<typeof memoryBackend>): string {
  const rows = new Map<string, string>();
  for (const { name } of stores) {
    const table = backend.open({ name, kind: 'keyValue', key: 'text', value: 'text' });
    for (const row of table.rows()) rows.set(`${name} ${row.key}`, `${row.value}`);
  }
  return stateOf(rows);
}

/** A standby of its own: reads when it is told and applies what is whole. */
function follower(history: History) {
  const backend = memoryBackend();
  const restoration: Restoration = beginRestore(
    backend,
    stores.map(({ name }) => ({ name, spec: { kind: 'keyValue', key: text, value: text } as never })),
  );
  const whole = new WholeCommits(stores, topicOf, startsOf(), appliedBy(stores, undefined), undefined);
  const read = new Map(names.map((name) => [name, 0]));
  let sequence: number | undefined = 0;
  return {
    backend,
    whole,
    get sequence() {
      return sequence;
    },
    read(name: string, records: number): void {
      const from = read.get(name)!;
      const until = Math.min(history.logs[name]!.length, from + records);
      for (let offset = from; offset < until; offset++) {
        const entry = history.logs[name]![offset];
        if (entry?.kind === 'row') whole.row(name, entry.key, entry.value, offset);
        if (entry?.kind === 'commit') whole.commit(topicOf(name), entry.meta, placeAt(offset + 1));
      }
      read.set(name, until);
      const commit = whole.applyWhole(restoration);
      if (commit === undefined) return;
      restoration.finish(new Map());
      sequence = commit.sequence;
    },
    spill(): void {
      if (whole.pendingRows === 0) return;
      whole.spill(restoration);
      restoration.commit(new Map());
      sequence = undefined;
    },
  };
}

describe('WholeCommits', () => {
  it('shows the rows of one commit at every moment, and of the last one at the end', () => {
    fc.assert(
      fc.property(commits, reads, (writes, turns) => {
        const history = historyOf(writes);
        const standby = follower(history);
        for (const { store, records } of turns) {
          standby.read(names[store]!, records);
          expect(rowsIn(standby.backend)).toBe(history.states.get(standby.sequence!));
        }
        for (const name of names) standby.read(name, 1_000);
        expect(standby.sequence).toBe(writes.length);
        expect(rowsIn(standby.backend)).toBe(history.states.get(writes.length));
        expect(standby.whole.pendingRows).toBe(0);
      }),
    );
  });

  it('does so in logs that are compacted, and when it had to apply what was not whole', () => {
    fc.assert(
      fc.property(
        commits,
        reads,
        fc.oneof(fc.constant([0, 0, 0]), fc.tuple(fc.nat(60), fc.nat(60), fc.nat(60))),
        (writes, turns, cleaned) => {
          const history = historyOf(writes);
          names.forEach((name, index) => {
            history.logs[name] = compacted(history.logs[name]!, cleaned[index]!);
          });
          const standby = follower(history);
          for (const { store, records, spill } of turns) {
            standby.read(names[store]!, records);
            if (spill === 0) standby.spill();
            if (standby.sequence !== undefined) expectRowsOf(standby, history, cleaned);
          }
          for (const name of names) standby.read(name, 1_000);
          expect(standby.sequence).toBe(writes.length);
          expect(rowsIn(standby.backend)).toBe(history.states.get(writes.length));
        },
      ),
    );
  });

  it('goes on where one that was closed in the middle of a commit had been', () => {
    fc.assert(
      fc.property(commits, fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30)), (writes, first) => {
        const history = historyOf(writes);
        const standby = follower(history);
        for (const [index, name] of names.entries()) standby.read(name, first[index]!);
        const before = standby.whole.newest;
        standby.spill();
        const spilled = standby.sequence === undefined;
        const applied = standby.whole.applied;
        const from = names.map(
          (name, index) => standby.whole.place(topicOf(name), placeAt(first[index]!)).offset,
        );
        const restoration = beginRestore(
          standby.backend,
          stores.map(({ name }) => ({ name, spec: { kind: 'keyValue', key: text, value: text } as never })),
        );
        const again = new WholeCommits(stores, topicOf, startsOf(), applied, spilled ? before : undefined);
        names.forEach((name, index) => {
          history.logs[name]!.forEach((entry, offset) => {
            if (offset < from[index]! || entry === undefined) return;
            if (entry.kind === 'row') again.row(name, entry.key, entry.value, offset);
            else again.commit(topicOf(name), entry.meta, placeAt(offset + 1));
          });
        });
        const last = again.applyWhole(restoration);
        restoration.finish(new Map());
        if (spilled) expect(last?.sequence).toBe(writes.length);
        expect(rowsIn(standby.backend)).toBe(history.states.get(writes.length));
      }),
    );
  });
});

/** A key whose earlier records are compacted away already shows its last value: only keys that were not are compared. */
function expectRowsOf(
  standby: ReturnType<typeof follower>,
  history: History,
  cleaned: readonly number[],
): void {
  if (cleaned.some((upTo) => upTo > 0)) return;
  expect(rowsIn(standby.backend)).toBe(history.states.get(standby.sequence!));
}
