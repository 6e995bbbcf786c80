import type { Isolation } from '../transport.ts';
import type { Records } from './records.ts';

/**
 * What one produce call wrote to one partition, or the marker that ends a transaction there. It covers the offsets
 * from `baseOffset` up to `nextOffset`, whether or not compaction has left a record on each of them.
 */
export interface LogBatch {
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly kind: 'plain' | 'transactional' | 'commit' | 'abort';
  readonly producerId: number;
  readonly maxTimestamp: number;
  readonly count: number;
  readonly bytes: number;
  /** Its transaction was aborted. */
  aborted: boolean;
  /** undefined while only the storage has them. */
  records: Records | undefined;
  /** When its tombstones may go; undefined until compaction has first seen them. */
  readonly deleteHorizon: number | undefined;
}

export function isControl(batch: LogBatch): boolean {
  return batch.kind === 'commit' || batch.kind === 'abort';
}

/** Readers of that isolation are not shown its records. */
export function isHidden(batch: LogBatch, isolation: Isolation): boolean {
  return isControl(batch) || (batch.aborted && isolation === 'committed');
}

export function dataBatch(
  baseOffset: number,
  records: Records,
  kind: 'plain' | 'transactional',
  producerId: number,
): LogBatch {
  return {
    baseOffset,
    nextOffset: baseOffset + records.count,
    kind,
    producerId,
    maxTimestamp: records.maxTimestamp(),
    count: records.count,
    bytes: records.bytes,
    aborted: false,
    records,
    deleteHorizon: undefined,
  };
}

export function markerBatch(
  baseOffset: number,
  kind: 'commit' | 'abort',
  producerId: number,
  timestamp: number,
): LogBatch {
  return {
    baseOffset,
    nextOffset: baseOffset + 1,
    kind,
    producerId,
    maxTimestamp: timestamp,
    count: 0,
    bytes: 0,
    aborted: false,
    records: undefined,
    deleteHorizon: undefined,
  };
}
