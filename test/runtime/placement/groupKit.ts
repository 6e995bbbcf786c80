import { count, stream, text, to, topology } from '../../../src/index.ts';
import { encodeInfo, type MemberInfo } from '../../../src/runtime/placement/groupProtocol.ts';
import type { TaskPlan } from '../../../src/runtime/plan.ts';
import type { MemberMetadata } from '../../../src/runtime/transport/transport.ts';

/** Tasks of several sub-topologies, named a_0, a_1, ..., b_0, ...; `counts`: the partitions of each. Without state. */
export function tasksOf(...counts: readonly number[]): TaskPlan[] {
  return plansOf(counts, (name) => stream(name, { key: text, value: text }).pipe(to(`${name}-out`)));
}

/** The same with state. */
export function statefulTasksOf(...counts: readonly number[]): TaskPlan[] {
  return plansOf(counts, (name) =>
    stream(name, { key: text, value: text }).pipe(count(`${name}-count`), to(`${name}-out`)),
  );
}

function plansOf(
  counts: readonly number[],
  sink: (name: string) => Parameters<typeof topology>[0][number],
): TaskPlan[] {
  return counts.flatMap((size, index) => {
    const name = String.fromCharCode(97 + index);
    const [subtopology] = topology([sink(name)]).subtopologies;
    return Array.from({ length: size }, (_, partition) => ({
      id: `${name}_${partition}`,
      subtopology: subtopology!,
      partition,
      topics: [name],
    }));
  });
}

export function member(
  memberId: string,
  running: readonly string[] = [],
  positions: Readonly<Record<string, number>> = {},
  more: Partial<MemberInfo> = {},
): MemberMetadata {
  const info = { running, positions: new Map(Object.entries(positions)), standbys: [], rack: '', place: '' };
  return { memberId, metadata: encodeInfo({ ...info, ...more }) };
}
