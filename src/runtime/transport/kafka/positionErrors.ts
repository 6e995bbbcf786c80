import { MillraceError } from '../../../errors.ts';
import type { Divergence } from './protocol/fetch.ts';
import type { ReadPartition } from './readPartition.ts';

export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

/** The position is not in the log: the caller decides where to go on. */
export function outOfRange(
  { topic, partition, fetchOffset }: ReadPartition,
  range: OffsetRange,
): MillraceError {
  const { start, end } = range;
  return new MillraceError('OFFSET_OUT_OF_RANGE', 'the position is not in the partition', {
    topic,
    partition,
    offset: fetchOffset,
    expected: 'an offset of the partition, or its end',
    found:
      start === end ? `an empty partition, its end is ${end}` : `offsets ${start} to ${end - 1}, end ${end}`,
    next: 'Choose where to go on: the start or the end of the partition. Records may have been lost to retention.',
  });
}

/** What was read up to the position is not what the leader has below it. */
export function truncated(
  { topic, partition, position }: ReadPartition,
  { epoch, endOffset }: Divergence,
): MillraceError {
  return new MillraceError('LOG_TRUNCATED', 'the partition has lost records that were read', {
    topic,
    partition,
    offset: position,
    expected: `the records below offset ${position} as they were read`,
    found: `a log that goes another way from offset ${Math.min(endOffset, position)} or before (leader epoch ${epoch})`,
    next: 'Decide which history counts, set the position accordingly, and rebuild the state that was made from what is gone.',
  });
}

/** The topic has the name of the one that was read, and nothing else of it. */
export function madeAnew(
  { topic, partition, position, topicId }: ReadPartition,
  foundId: string,
): MillraceError {
  return new MillraceError('LOG_TRUNCATED', 'the topic was deleted and created anew while it was read', {
    topic,
    partition,
    offset: position,
    expected: `the topic with id ${topicId}`,
    found: `another of the same name, with id ${foundId}`,
    next: 'Set the position to the start of the new topic, and rebuild the state that was made from the old one.',
  });
}
