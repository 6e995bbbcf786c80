import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignTasks } from '../../../src/runtime/placement/assigner.ts';
import type { TaskPlan } from '../../../src/runtime/plan.ts';
import { member, tasksOf } from './groupKit.ts';

type Given = ReadonlyMap<string, readonly TaskPlan[]>;

const idsOf = (given: Given): Record<string, string[]> =>
  Object.fromEntries([...given].map(([id, tasks]) => [id, tasks.map((task) => task.id).sort()]));

const ownersOf = (given: Given): Map<string, string> =>
  new Map([...given].flatMap(([id, tasks]) => tasks.map((task) => [task.id, id] as const)));

/** The members as they are when they have had an assignment for a while. */
const settled = (given: Given) => [...given].map(([id, tasks]) => member(id, ...ranBy(tasks)));

function ranBy(tasks: readonly TaskPlan[]): [string[], Record<string, number>] {
  const ids = tasks.map(({ id }) => id);
  return [ids, Object.fromEntries(ids.map((id, index) => [id, 100 + index * 7]))];
}

const movedIn = (before: Given, after: Given): string[] => {
  const owners = ownersOf(after);
  return [...ownersOf(before)].filter(([task, owner]) => owners.get(task) !== owner).map(([task]) => task);
};

const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 9 });
const counts = fc.array(fc.nat(12), { minLength: 1, maxLength: 4 });
const positions = fc.dictionary(fc.stringMatching(/^[a-d]_[0-9]$/), fc.nat(1_000), { maxKeys: 12 });
/** Members that have run and stored whatever it may be, several of them the same. */
const anybody = fc
  .uniqueArray(
    fc.tuple(fc.stringMatching(/^[a-z]{1,4}$/), fc.array(fc.stringMatching(/^[a-d]_[0-9]$/)), positions),
    {
      minLength: 1,
      maxLength: 6,
      selector: ([id]) => id,
    },
  )
  .map((all) => all.map(([id, running, stored]) => member(id, running, stored)));

describe('assignTasks', () => {
  it('gives every task to one member, and no member over one more than another', () => {
    fc.assert(
      fc.property(counts, anybody, (sizes, members) => {
        const tasks = tasksOf(...sizes);
        const given = assignTasks(tasks, members);
        expect([...given.keys()].sort()).toEqual(members.map(({ memberId }) => memberId).sort());
        expect([...ownersOf(given).keys()].sort()).toEqual(tasks.map(({ id }) => id).sort());
        expect([...given.values()].flat()).toHaveLength(tasks.length);
        const loads = [...given.values()].map(({ length }) => length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('gives the same whatever the order of the members', () => {
    fc.assert(
      fc.property(counts, anybody, (sizes, members) => {
        const tasks = tasksOf(...sizes);
        expect(idsOf(assignTasks(tasks, members.toReversed()))).toEqual(idsOf(assignTasks(tasks, members)));
      }),
    );
  });

  it('moves nothing when nobody comes or goes', () => {
    fc.assert(
      fc.property(counts, names, (sizes, ids) => {
        const tasks = tasksOf(...sizes);
        const before = assignTasks(
          tasks,
          ids.map((id) => member(id)),
        );
        expect(idsOf(assignTasks(tasks, settled(before)))).toEqual(idsOf(before));
      }),
    );
  });

  it('moves only the tasks of a member that leaves', () => {
    fc.assert(
      fc.property(counts, names, fc.nat(), (sizes, ids, which) => {
        fc.pre(ids.length > 1);
        const tasks = tasksOf(...sizes);
        const before = assignTasks(
          tasks,
          ids.map((id) => member(id)),
        );
        const gone = ids[which % ids.length]!;
        const after = assignTasks(
          tasks,
          settled(before).filter(({ memberId }) => memberId !== gone),
        );
        const its = before.get(gone)!.map(({ id }) => id);
        expect(movedIn(before, after).sort()).toEqual(its.sort());
      }),
    );
  });

  it('moves no more than a fair share, and all of it to the newcomer, when a member joins', () => {
    fc.assert(
      fc.property(counts, names, positions, (sizes, ids, stored) => {
        const tasks = tasksOf(...sizes);
        const before = assignTasks(
          tasks,
          ids.map((id) => member(id)),
        );
        const after = assignTasks(tasks, [...settled(before), member('NEW', [], stored)]);
        const moved = movedIn(before, after);
        expect(moved.length).toBeLessThanOrEqual(Math.ceil(tasks.length / (ids.length + 1)));
        expect(moved.sort()).toEqual(idsOf(after)['NEW']);
      }),
    );
  });

  it('gives a task whose worker is gone to who has most of its state', () => {
    const members = [member('a', [], { a_0: 5, a_1: 70 }), member('b', [], { a_0: 90, a_1: 60 })];
    expect(idsOf(assignTasks(tasksOf(2), members))).toEqual({ a: ['a_1'], b: ['a_0'] });
  });

  it('gives the better place to the task for which it matters more', () => {
    const members = [member('a', [], { a_0: 100, a_1: 90 }), member('b', [], { a_0: 99 })];
    expect(idsOf(assignTasks(tasksOf(2), members))).toEqual({ a: ['a_1'], b: ['a_0'] });
  });

  it('gives back to a worker that returns what its disk still has', () => {
    const ran = ['a_0', 'a_1', 'a_2', 'a_3'];
    const all = { a_0: 500, a_1: 500, a_2: 500, a_3: 500 };
    const members = [member('stayed', ran, all), member('returns', [], { a_1: 480, a_3: 450 })];
    expect(idsOf(assignTasks(tasksOf(4), members))).toEqual({
      returns: ['a_1', 'a_3'],
      stayed: ['a_0', 'a_2'],
    });
  });

  it('keeps a task where it runs although another has state of it', () => {
    const members = [member('a', ['a_0'], { a_0: 10 }), member('b', ['a_1'], { a_0: 5, a_1: 10 })];
    expect(idsOf(assignTasks(tasksOf(2), members))).toEqual({ a: ['a_0'], b: ['a_1'] });
  });

  it('believes the one that is ahead of two that say they run a task', () => {
    const members = [member('a', ['a_0', 'a_1'], { a_0: 4 }), member('b', ['a_0'], { a_0: 9 })];
    expect(idsOf(assignTasks(tasksOf(2), members))).toEqual({ a: ['a_1'], b: ['a_0'] });
  });

  it('spreads each sub-topology, also when a second worker joins', () => {
    const tasks = tasksOf(4, 4, 4);
    const alone = assignTasks(tasks, [member('a')]);
    const both = assignTasks(tasks, [...settled(alone), member('b')]);
    for (const mine of both.values()) {
      const of = Map.groupBy(mine, ({ subtopology }) => subtopology.name);
      expect([...of.values()].map(({ length }) => length)).toEqual([2, 2, 2]);
    }
  });

  it('assigns a thousand tasks to a hundred members within a moment', () => {
    const tasks = tasksOf(500, 500);
    const few = assignTasks(
      tasks,
      Array.from({ length: 50 }, (_, index) => member(`m${index}`)),
    );
    const more = Array.from({ length: 50 }, (_, index) => member(`n${index}`));
    const begun = performance.now();
    const given = assignTasks(tasks, [...settled(few), ...more]);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(new Set([...given.values()].map(({ length }) => length))).toEqual(new Set([10]));
  });
});
