import type { Transport } from '../transport/transport.ts';

/** The partitions of these topics that hold more than a group has committed, each with how far the group is. */
export async function behindOf(
  transport: Transport,
  group: string,
  topics: readonly string[],
): Promise<string[]> {
  const described = await transport.admin.describe(topics);
  const partitions = described.flatMap((found, index) =>
    Array.from({ length: found?.partitions ?? 0 }, (_, partition) => ({ topic: topics[index]!, partition })),
  );
  // In this order: what a task has written to another's topic before it committed is then among the ends.
  const committed = await transport.committed(group, partitions);
  const ends = await transport.admin.endOffsets(partitions, 'uncommitted');
  return partitions.flatMap(({ topic, partition }, index) => {
    const reached = committed[index]?.offset ?? 0;
    return reached < ends[index]! ? [`${topic}/${partition}: ${reached} of ${ends[index]}`] : [];
  });
}
