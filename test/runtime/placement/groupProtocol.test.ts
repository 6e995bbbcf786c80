import { describe, expect, it } from 'vitest';
import type { MillraceError } from '../../../src/errors.ts';
import { assignTasks } from '../../../src/runtime/placement/assigner.ts';
import {
  decodeInfo,
  encodeInfo,
  tasksIn,
  toAssignment,
} from '../../../src/runtime/placement/groupProtocol.ts';
import { failure } from '../../dsl/failure.ts';
import { member, tasksOf } from './groupKit.ts';
import * as version1 from './previous/assignerVersion1.ts';
import * as assigner2 from './previous/assignerVersion2.ts';
import * as protocol2 from './previous/groupProtocolVersion2.ts';

const tasks = tasksOf(4);
const older = (memberId: string, running: string[], stored: string[]) => ({
  memberId,
  metadata: version1.encodeInfo({ version: 1, running, stored }),
});

const nothing = { tasks: [], standbys: [], warmups: [], plan: '' };

describe('groupProtocol', () => {
  it('says everything of a member, and of an assignment', () => {
    const where = { rack: 'left', place: 'disk' };
    const info = { running: ['a_0'], positions: new Map([['a_1', 7]]), standbys: ['a_1'], ...where };
    expect(decodeInfo(encodeInfo(info))).toEqual({ ...info, keepsStandbys: true });
    const given = { tasks: tasks.slice(1, 3), standbys: tasks.slice(3), warmups: tasks.slice(3) };
    const assignment = toAssignment(given, 'plan');
    const said = { tasks: ['a_1', 'a_2'], standbys: ['a_3'], warmups: ['a_3'], plan: 'plan' };
    expect(tasksIn(assignment)).toEqual(said);
    expect(assignment.partitions).toEqual([
      { topic: 'a', partition: 1 },
      { topic: 'a', partition: 2 },
    ]);
    expect(tasksIn({ partitions: [], metadata: Buffer.alloc(0) })).toEqual(nothing);
  });

  const mixed = [
    member('new', ['a_0', 'a_1'], { a_0: 9, a_1: 9, a_3: 50 }),
    older('old', ['a_2'], ['a_2', 'a_3']),
  ];

  it('lets a leader of the version before understand members of this one', () => {
    const given = version1.assignTasks(tasks, mixed);
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

  it('lets a leader of version 2 understand members of this one, and take from them what it knows', () => {
    const also = [
      mixed[0]!,
      { ...mixed[1]!, metadata: protocol2.encodeInfo(decodeInfo(mixed[1]!.metadata)) },
    ];
    const given = assigner2.assignTasks(tasks, also);
    const ids = Object.fromEntries([...given].map(([id, mine]) => [id, mine.map((task) => task.id)]));
    expect(ids).toEqual({ new: ['a_0', 'a_1'], old: ['a_2', 'a_3'] });
    expect(decodeInfo(also[1]!.metadata)).toMatchObject({ standbys: [], keepsStandbys: false });
  });

  it('lets members of each version read the assignment of a leader of each', () => {
    const ids = ['a_0', 'a_1', 'a_2', 'a_3'];
    const given = { tasks, standbys: tasks.slice(1), warmups: tasks.slice(2) };
    expect(version1.tasksIn(toAssignment(given, 'plan'))).toEqual(ids);
    expect(protocol2.tasksIn(toAssignment(given, 'plan'))).toEqual({ tasks: ids, plan: 'plan' });
    expect(tasksIn(version1.toAssignment(tasks))).toEqual({ ...nothing, tasks: ids });
    expect(tasksIn(protocol2.toAssignment(tasks, 'plan'))).toEqual({ ...nothing, tasks: ids, plan: 'plan' });
  });

  it.each([
    ['a version that is not known yet', '{"version":4,"running":[],"stored":[]}', 'version 4'],
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
    expect(decodeInfo(later)).toMatchObject({ running: ['a_0'], positions: new Map() });
  });
});
