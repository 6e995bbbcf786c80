import { describe, expect, it } from 'vitest';
import { dataBatch, type LogBatch } from '../../../../src/runtime/transport/embedded/logBatch.ts';
import { RecordCache } from '../../../../src/runtime/transport/embedded/recordCache.ts';
import { Records } from '../../../../src/runtime/transport/embedded/records.ts';

/** Of 100 bytes. */
function batchAt(offset: number): { batch: LogBatch; records: Records } {
  const records = new Records();
  records.push(null, 'x'.repeat(92), 0, []);
  return { batch: dataBatch(offset, records, 'plain', 1), records };
}

describe('RecordCache', () => {
  it('takes the records of the oldest batches out of memory when there is no room for more', () => {
    const cache = new RecordCache(250);
    const all = [0, 1, 2, 3].map(batchAt);
    for (const { batch, records } of all) cache.add(batch, records);
    expect(all.map(({ batch }) => batch.records !== undefined)).toEqual([false, false, true, true]);
    cache.add(all[0]!.batch, all[0]!.records);
    expect(all.map(({ batch }) => batch.records !== undefined)).toEqual([true, false, false, true]);
  });

  it('keeps a batch that alone is larger than the room', () => {
    const cache = new RecordCache(50);
    const [first, second] = [batchAt(0), batchAt(1)];
    cache.add(first.batch, first.records);
    cache.add(first.batch, first.records);
    expect(first.batch.records).toBe(first.records);
    cache.add(second.batch, second.records);
    expect([first.batch.records, second.batch.records]).toEqual([undefined, second.records]);
  });
});
