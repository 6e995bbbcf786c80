import { MillraceError } from '../../../errors.ts';
import type { Storage } from './storage.ts';

/** Keeps nothing beyond the broker: what is in memory is all there is. */
export function memoryStorage(): Storage {
  return {
    load: () => ({ topics: [], offsets: [], producers: [], nextProducerId: 1 }),
    write() {},
    records({ topic, partition }, batch) {
      throw new MillraceError('INTERNAL', 'records were taken out of memory that are nowhere else', {
        topic,
        partition,
        offset: batch.baseOffset,
        next: 'Report this as a bug of millrace.',
      });
    },
    close() {},
  };
}
