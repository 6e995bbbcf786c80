/** As many as startKafka.ts gives to __transaction_state and __consumer_offsets. */
const partitions = 4;

/** The partition of the coordinators' topics that a transactional id, or a group, belongs to: Java's hash of the string. */
export function coordinatingPartition(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index++) hash = (Math.imul(31, hash) + id.charCodeAt(index)) | 0;
  return Math.abs(hash) % partitions;
}
