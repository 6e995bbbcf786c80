import { code } from './protocol/errors.ts';
import { isRepeatable, remedyOf } from './protocol/transactionErrors.ts';

/**
 * What the answer to a batch says about it.
 * - written: it is in the log, and replicated.
 * - again: it is not in the log; the same may succeed later, or at another leader.
 * - in doubt: the same, but it may be in the log already. The repetition is known by its number.
 * - out of sequence: it is not in the log, for what should stand before it is not there either.
 * - too large: it is not in the log, and in smaller pieces it might be.
 * - refused: repeating does not cure it.
 */
export type ProduceVerdict = 'written' | 'again' | 'in doubt' | 'out of sequence' | 'too large' | 'refused';

const verdicts: Readonly<Record<number, ProduceVerdict>> = {
  [code.none]: 'written',
  [code.duplicateSequenceNumber]: 'written',
  // Also said by a leader that has lost its office, or the partition, while it waited for replicas of what it had appended.
  [code.unknownTopicOrPartition]: 'in doubt',
  [code.notLeaderOrFollower]: 'in doubt',
  [code.fencedLeaderEpoch]: 'in doubt',
  [code.requestTimedOut]: 'in doubt',
  [code.networkException]: 'in doubt',
  [code.notEnoughReplicasAfterAppend]: 'in doubt',
  [code.kafkaStorageError]: 'in doubt',
  [code.outOfOrderSequenceNumber]: 'out of sequence',
  [code.unknownProducerId]: 'out of sequence',
  [code.messageTooLarge]: 'too large',
  [code.recordListTooLarge]: 'too large',
};

export function produceVerdict(errorCode: number): ProduceVerdict {
  return verdicts[errorCode] ?? (isRepeatable(remedyOf('Produce', errorCode)) ? 'again' : 'refused');
}
