import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../../src/dsl/message.ts';
import { SpareWriters } from '../../../../src/runtime/transport/kafka/spareWriters.ts';
import { WritePartition } from '../../../../src/runtime/transport/kafka/writePartition.ts';

const origin = { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true };

function writing(batchBytes = 1000): {
  partition: WritePartition;
  add(value: string, transaction?: number): boolean;
} {
  const partition = new WritePartition({ topic: 'orders', spares: new SpareWriters(), batchBytes }, 0);
  return {
    partition,
    add: (value, transaction = 0) => partition.append(null, value, 1000, noHeaders, transaction),
  };
}

describe('WritePartition', () => {
  it('goes round with its sequence numbers at 2^31', () => {
    const { partition, add } = writing();
    partition.sequence = 2 ** 31 - 2;
    for (const value of ['a', 'b', 'c', 'd', 'e']) add(value);
    partition.batches[0]!.due = true;
    partition.ready(0)!.seal(origin);
    partition.acknowledged(100);
    expect([partition.sequence, partition.end]).toEqual([3, 105]);
  });

  it('has a batch ready when it is full, when it is due, or when the next transaction has begun', () => {
    const { partition, add } = writing();
    expect(add('x'.repeat(600))).toBe(false);
    expect(partition.ready(0)).toBeUndefined();
    expect(add('x'.repeat(600))).toBe(true);
    expect(partition.ready(0)).toBe(partition.batches[0]);
    partition.ready(0)!.seal(origin);
    partition.acknowledged(0);
    expect(partition.ready(0)).toBeUndefined();
    expect(add('next', 1)).toBe(true);
    expect(partition.ready(0)).toBe(partition.batches[0]);
  });

  it('has nothing ready of a transaction that is not the turn of', () => {
    const { partition, add } = writing();
    add('early', 1);
    partition.batches[0]!.due = true;
    expect(partition.ready(0)).toBeUndefined();
    expect(partition.ready(1)).toBe(partition.batches[0]);
  });

  it('has nothing ready while a batch is under way', () => {
    const { partition, add } = writing();
    add('x'.repeat(900));
    add('x'.repeat(900));
    partition.inFlight = true;
    expect(partition.ready(0)).toBeUndefined();
  });

  it('does not use the memory again of a batch that was sent twice', () => {
    const { partition, add } = writing();
    for (const attempts of [2, 1]) {
      add('value');
      const batch = partition.batches[0]!;
      batch.attempts = attempts;
      batch.seal(origin);
      partition.acknowledged(0);
      add('next');
      expect(partition.batches[0]!.writer === batch.writer).toBe(attempts === 1);
      partition.batches.length = 0;
    }
  });
});
