import { MillraceError } from '../errors.ts';
import type { TaskPlan } from './plan.ts';
import type { TaskSetting } from './taskSetting.ts';

/**
 * The error, or FENCED where changelogs go on behind what was restored of them: only somebody who has taken the task meanwhile
 * writes there, and the offsets that do not fit are his.
 */
export async function orOvertaken(
  error: unknown,
  { transport }: TaskSetting,
  { id, partition }: TaskPlan,
  changelogs: ReadonlyMap<string, number>,
): Promise<unknown> {
  if (!(error instanceof MillraceError) || error.code !== 'OFFSETS_MOVED') return error;
  const partitions = [...changelogs.keys()].map((topic) => ({ topic, partition }));
  const ends = await transport.admin.endOffsets(partitions, 'uncommitted');
  const further = partitions.findIndex(({ topic }, index) => ends[index]! > changelogs.get(topic)!);
  if (further < 0) return error;
  const { topic } = partitions[further]!;
  return new MillraceError('FENCED', `Somebody else has taken task ${id} while it was being opened`, {
    topic,
    partition,
    expected: `an end at offset ${changelogs.get(topic)}`,
    found: `${ends[further]}`,
    cause: error,
    next: 'Nothing: this worker has stood still, and asks the group whether the task is still its own.',
  });
}
