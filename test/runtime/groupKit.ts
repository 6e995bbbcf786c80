import { stream, text, to, topology } from '../../src/index.ts';
import { encodeInfo } from '../../src/runtime/groupProtocol.ts';
import type { TaskPlan } from '../../src/runtime/plan.ts';
import type { MemberMetadata } from '../../src/runtime/transport/transport.ts';

/** Tasks of several sub-topologies, named a_0, a_1, ..., b_0, ...; `counts`: the partitions of each. */
export function tasksOf(...counts: readonly number[]): TaskPlan[] {
  return counts.flatMap((count, index) => {
    const name = String.fromCharCode(97 + index);
    const [subtopology] = topology([
      stream(name, { key: text, value: text }).pipe(to(`${name}-out`)),
    ]).subtopologies;
    return Array.from({ length: count }, (_, partition) => ({
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
): MemberMetadata {
  return { memberId, metadata: encodeInfo({ running, positions: new Map(Object.entries(positions)) }) };
}
