import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PlacementRules, placeTasks } from '../../../src/runtime/placement/placeTasks.ts';
import type { TaskPlan } from '../../../src/runtime/plan.ts';
import type { MemberMetadata } from '../../../src/runtime/transport/transport.ts';
import { member, statefulTasksOf, tasksOf } from './groupKit.ts';
import { encodeInfo as encodeVersion2 } from './previous/groupProtocolVersion2.ts';

const rules: PlacementRules = { standbyReplicas: 1, acceptableRecoveryLag: 100, warmupReplicas: 2 };
const none: PlacementRules = { ...rules, standbyReplicas: 0 };

interface Doing {
  readonly tasks: readonly string[];
  readonly standbys: readonly string[];
  readonly warmups: readonly string[];
}

/** What each member is given, by ids. */
function place(
  tasks: readonly TaskPlan[],
  members: readonly MemberMetadata[],
  by: PlacementRules,
): Record<string, Doing> {
  const { given } = placeTasks(tasks, members, by);
  const ids = (plans: readonly TaskPlan[]): string[] => plans.map(({ id }) => id).sort();
  return Object.fromEntries(
    [...given].map(([id, mine]) => [
      id,
      { tasks: ids(mine.tasks), standbys: ids(mine.standbys), warmups: ids(mine.warmups) },
    ]),
  );
}

interface Worker {
  readonly id: string;
  readonly rack: string;
  readonly place: string;
}

/** The members as they are when they have done for a while what they were given: everybody is at the end. */
function settled(doing: Record<string, Doing>, workers: readonly Worker[]): MemberMetadata[] {
  return workers.map(({ id, rack, place: disk }) => {
    const { tasks = [], standbys = [] } = doing[id] ?? {};
    const positions = Object.fromEntries([...tasks, ...standbys].map((task) => [task, 1_000]));
    return member(id, tasks, positions, { standbys, rack, place: disk });
  });
}

const holdersOf = (doing: Record<string, Doing>, task: string): string[] =>
  Object.keys(doing).filter((id) => doing[id]!.tasks.includes(task) || doing[id]!.standbys.includes(task));

const fleet = fc
  .uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 7 })
  .chain((ids) =>
    fc
      .tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.nat(2), fc.nat(9))))
      .map((all) =>
        all.map(
          ([id, rack, disk]): Worker => ({ id, rack: ['', 'left', 'right'][rack]!, place: `disk-${disk}` }),
        ),
      ),
  );
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });

describe('placeTasks', () => {
  it('gives each task its standbys: on other workers, folders and, where there are any, racks', () => {
    fc.assert(
      fc.property(sizes, fleet, fc.integer({ min: 0, max: 3 }), (counts, workers, standbyReplicas) => {
        const tasks = statefulTasksOf(...counts);
        const doing = place(tasks, settled({}, workers), { ...rules, standbyReplicas });
        for (const { id } of tasks) {
          const holders = holdersOf(doing, id).map((name) => workers.find((worker) => worker.id === name)!);
          expect(new Set(holders.map((worker) => worker.id)).size).toBe(holders.length);
          expect(new Set(holders.map((worker) => worker.place)).size).toBe(holders.length);
          expect(holders.length).toBeLessThanOrEqual(standbyReplicas + 1);
          const disks = new Set(workers.map((worker) => worker.place)).size;
          // Which racks are served first may leave no folder for the last, never none at all.
          if (standbyReplicas > 0 && disks > 1) expect(holders.length).toBeGreaterThan(1);
          const active = holders.find((worker) => doing[worker.id]!.tasks.includes(id))!;
          const other = workers.some(
            ({ rack, place: disk }) => rack !== '' && rack !== active.rack && disk !== active.place,
          );
          if (standbyReplicas > 0 && other) {
            expect(holders.some(({ rack }) => rack !== '' && rack !== active.rack)).toBe(true);
          }
        }
      }),
    );
  });

  it('moves nothing when nobody comes or goes', () => {
    fc.assert(
      fc.property(sizes, fleet, fc.integer({ min: 0, max: 2 }), (counts, workers, standbyReplicas) => {
        const tasks = statefulTasksOf(...counts);
        const by = { ...rules, standbyReplicas };
        const doing = place(tasks, settled({}, workers), by);
        expect(place(tasks, settled(doing, workers), by)).toEqual(doing);
      }),
    );
  });

  it('gives what ran on a worker that is gone to one that followed it', () => {
    fc.assert(
      fc.property(sizes, fleet, fc.nat(), (counts, workers, which) => {
        fc.pre(new Set(workers.map((worker) => worker.place)).size > 2);
        const tasks = statefulTasksOf(...counts);
        const doing = place(tasks, settled({}, workers), rules);
        const gone = workers[which % workers.length]!;
        const left = workers.filter((worker) => worker !== gone);
        const after = place(tasks, settled(doing, left), rules);
        for (const task of doing[gone.id]!.tasks) {
          const [standby] = holdersOf(doing, task).filter((id) => id !== gone.id);
          if (standby !== undefined) expect(after[standby]!.tasks, task).toContain(task);
        }
      }),
    );
  });

  it('spreads standbys evenly, a newcomer takes its share of them', () => {
    const workers = ['a', 'b', 'c'].map((id) => ({ id, rack: '', place: id }));
    const tasks = statefulTasksOf(12);
    const two = place(tasks, settled({}, workers.slice(0, 2)), rules);
    expect(Object.values(two).map(({ standbys }) => standbys.length)).toEqual([6, 6]);
    const three = place(tasks, settled(two, workers), rules);
    // The newcomer has nothing yet: it follows what will be its own, and a third of the rest.
    expect(three['c']!.tasks).toEqual([]);
    expect(three['c']!.standbys.length).toBeGreaterThanOrEqual(4);
    expect(three['c']!.warmups).toHaveLength(2);
    expect([...three['a']!.tasks, ...three['b']!.tasks].sort()).toEqual(tasks.map(({ id }) => id).sort());
  });

  it('moves a standby to another rack when the first worker there comes', () => {
    const tasks = statefulTasksOf(1);
    const left = { rack: 'left' };
    const before = [
      member('a', ['a_0'], { a_0: 900 }, left),
      member('b', [], { a_0: 900 }, { ...left, standbys: ['a_0'] }),
    ];
    expect(place(tasks, before, rules)['b']!.standbys).toEqual(['a_0']);
    const after = place(tasks, [...before, member('c', [], {}, { rack: 'right' })], rules);
    expect([after['b']!.standbys, after['c']!.standbys]).toEqual([[], ['a_0']]);
  });

  it('lets a task stay where it runs until the newcomer has nearly caught up', () => {
    const tasks = statefulTasksOf(2);
    const ran = (more: MemberMetadata) => [member('a', ['a_0', 'a_1'], { a_0: 900, a_1: 950 }), more];
    const fresh = place(tasks, ran(member('b')), none);
    expect(fresh['a']).toEqual({ tasks: ['a_0', 'a_1'], standbys: [], warmups: [] });
    expect(fresh['b']!.warmups).toHaveLength(1);
    expect(fresh['b']!.standbys).toEqual(fresh['b']!.warmups);
    const [moving] = fresh['b']!.warmups as [string];
    const halfway = member('b', [], { [moving]: 500 }, { standbys: [moving] });
    expect(place(tasks, ran(halfway), none)).toEqual(fresh);
    const ready = member('b', [], { [moving]: 860 }, { standbys: [moving] });
    const moved = place(tasks, ran(ready), none);
    expect(moved['b']).toEqual({ tasks: [moving], standbys: [], warmups: [] });
  });

  it('warms up no more tasks at a time than allowed; those that have begun go on', () => {
    const tasks = statefulTasksOf(8);
    const all = tasks.map(({ id }) => id);
    const busy = member('a', all, Object.fromEntries(all.map((id) => [id, 1_000])));
    const first = place(tasks, [busy, member('b')], none);
    expect(first['b']!.warmups).toHaveLength(2);
    const begun = first['b']!.warmups;
    const some = Object.fromEntries(begun.map((id) => [id, 10]));
    const again = place(tasks, [busy, member('b', [], some, { standbys: begun }), member('c')], none);
    expect(again['b']!.warmups).toEqual(begun);
    expect(again['c']!.warmups).toEqual([]);
  });

  it('moves what has no state, or none yet, at once', () => {
    const busy = member('a', ['a_0', 'a_1']);
    for (const tasks of [tasksOf(2), statefulTasksOf(2)]) {
      const moved = place(tasks, [busy, member('b')], none);
      expect(moved['b']!.tasks).toHaveLength(1);
      expect(moved['b']!.warmups).toEqual([]);
    }
  });

  it('keeps tasks on the one that has their state when all others are empty, and warms up the rest', () => {
    const tasks = statefulTasksOf(4);
    const stored = { a_0: 500, a_1: 500, a_2: 500, a_3: 500 };
    const back = place(tasks, [member('empty'), member('full', [], stored)], none);
    expect(back['full']!.tasks).toEqual(['a_0', 'a_1', 'a_2', 'a_3']);
    expect(back['empty']!.warmups).toHaveLength(2);
  });

  it('gives members of the version before what the balance says, and nothing to follow', () => {
    const older = (id: string, running: string[] = []): MemberMetadata => ({
      memberId: id,
      metadata: encodeVersion2({ running, positions: new Map() }),
    });
    const tasks = statefulTasksOf(2);
    const busy = member('new', ['a_0', 'a_1'], { a_0: 900, a_1: 950 });
    const mixed = place(tasks, [busy, older('old')], rules);
    expect(mixed['old']).toMatchObject({ standbys: [], warmups: [] });
    expect(mixed['old']!.tasks).toHaveLength(1);
    const { unprotected } = placeTasks(tasks, [busy, older('old')], rules);
    expect(unprotected.length).toBeGreaterThan(0);
  });

  it('says which tasks it could not give a standby, and nothing of a worker that is alone', () => {
    const tasks = statefulTasksOf(2);
    const sharing = ['a', 'b'].map((id) => member(id, [], {}, { place: 'one-folder' }));
    expect(placeTasks(tasks, sharing, rules).unprotected).toEqual(tasks);
    expect(placeTasks(tasks, [member('a')], rules).unprotected).toEqual([]);
    expect(placeTasks(tasksOf(2), sharing, rules).unprotected).toEqual([]);
  });

  it('places a thousand tasks on a hundred members within a moment', () => {
    const tasks = statefulTasksOf(500, 500);
    const workers = Array.from({ length: 100 }, (_, index) => ({
      id: `m${index}`,
      rack: `rack-${index % 3}`,
      place: `${index}`,
    }));
    const few = place(tasks, settled({}, workers.slice(0, 50)), rules);
    const begun = performance.now();
    const all = place(tasks, settled(few, workers), rules);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(Math.max(...Object.values(all).map(({ standbys }) => standbys.length))).toBeLessThan(14);
  });
});
