import { describe, expect, it } from 'vitest';
import type { MillraceError } from '../../src/errors.ts';
import { assignTasks } from '../../src/runtime/assigner.ts';
import { decodeInfo, encodeInfo, tasksIn, toAssignment } from '../../src/runtime/groupProtocol.ts';
import { failure } from '../dsl/failure.ts';
import { member, tasksOf } from './groupKit.ts';
import * as before from './previous/assignerVersion1.ts';

const tasks = tasksOf(4);
const older = (memberId: string, running: string[], stored: string[]) => ({
  memberId,
  metadata: before.encodeInfo({ version: 1, running, stored }),
});

describe('groupProtocol', () => {
  it('says everything of a member, and of an assignment', () => {
    const info = { running: ['a_0'], positions: new Map([['a_1', 7]]) };
    expect(decodeInfo(encodeInfo(info))).toEqual(info);
    const assignment = toAssignment(tasks.slice(1, 3), 'plan');
    expect(tasksIn(assignment)).toEqual({ tasks: ['a_1', 'a_2'], plan: 'plan' });
    expect(assignment.partitions).toEqual([
      { topic: 'a', partition: 1 },
      { topic: 'a', partition: 2 },
    ]);
    expect(tasksIn({ partitions: [], metadata: Buffer.alloc(0) })).toEqual({ tasks: [], plan: '' });
  });

  const mixed = [
    member('new', ['a_0', 'a_1'], { a_0: 9, a_1: 9, a_3: 50 }),
    older('old', ['a_2'], ['a_2', 'a_3']),
  ];

  it('lets a leader of the version before understand members of this one', () => {
    const given = before.assignTasks(tasks, mixed);
    const ids = Object.fromEntries([...given].map(([id, mine]) => [id, mine.map((task) => task.id)]));
    expect(ids).toEqual({ new: ['a_0', 'a_1'], old: ['a_2', 'a_3'] });
  });

  it('lets a leader of this version take from older members what they say', () => {
    const given = assignTasks(tasks, mixed);
    const ids = Object.fromEntries([...given].map(([id, mine]) => [id, mine.map((task) => task.id)]));
    expect(ids).toEqual({ new: ['a_0', 'a_1'], old: ['a_2', 'a_3'] });
    expect(decodeInfo(mixed[1]!.metadata).positions).toEqual(
      new Map([
        ['a_2', 1],
        ['a_3', 1],
      ]),
    );
  });

  it('lets members of either version read the assignment of a leader of either', () => {
    expect(before.tasksIn(toAssignment(tasks, 'plan'))).toEqual(['a_0', 'a_1', 'a_2', 'a_3']);
    expect(tasksIn(before.toAssignment(tasks))).toEqual({ tasks: ['a_0', 'a_1', 'a_2', 'a_3'], plan: '' });
  });

  it.each([
    ['a version that is not known yet', '{"version":3,"running":[],"stored":[]}', 'version 3'],
    ['no version', '{"running":[]}', 'without a version'],
    ['null', 'null', 'without a version'],
    ['no JSON', '\u0000range', 'no JSON'],
  ])('refuses %s with what to do', (_, said, found) => {
    const metadata = Buffer.from(said);
    for (const read of [() => decodeInfo(metadata), () => tasksIn({ partitions: [], metadata })]) {
      const error = failure(read) as MillraceError;
      expect(error.code).toBe('UNSUPPORTED_CLIENT');
      expect(error.message).toContain(found);
      expect(error.details.next).toContain('Upgrade the oldest workers');
    }
  });

  it('leaves what later versions add alone', () => {
    const later = Buffer.from(
      '{"version":2,"writer":9,"running":["a_0"],"stored":[],"positions":{},"more":1}',
    );
    expect(decodeInfo(later)).toEqual({ running: ['a_0'], positions: new Map() });
  });
});
