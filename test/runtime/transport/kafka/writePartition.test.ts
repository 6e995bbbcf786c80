import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../../../src/dsl/message.ts';
import type { OutgoingBatch } from '../../../../src/runtime/transport/kafka/outgoingBatch.ts';
import { SpareWriters } from '../../../../src/runtime/transport/kafka/spareWriters.ts';
import { WritePartition } from '../../../../src/runtime/transport/kafka/writePartition.ts';

interface Scene {
  readonly partition: WritePartition;
  readonly pending: { bytes: number };
  add(value: string, transaction?: number): boolean;
  /** Sends what is ready. */
  send(): OutgoingBatch;
  /** An answer that it is written. */
  written(batch: OutgoingBatch, baseOffset: number): boolean;
}

function scene(batchBytes = 1000, maxRequestBytes = 10_000): Scene {
  const pending = { bytes: 0 };
  const common = { topic: 'orders', spares: new SpareWriters(), batchBytes, maxRequestBytes, pending };
  const partition = new WritePartition(common, 0);
  return {
    partition,
    pending,
    add: (value, transaction = 0) => partition.append(null, value, 1000, noHeaders, transaction),
    send: () => {
      const ready = partition.ready(0);
      const batch = partition.send();
      expect(batch).toBe(ready);
      batch.seal({ producerId: 1, producerEpoch: 0, baseSequence: batch.sequence, transactional: false });
      return batch;
    },
    written: (batch, baseOffset) => {
      const isBelievable = partition.acknowledged(batch, baseOffset);
      partition.returned();
      return isBelievable;
    },
  };
}

/** Each fills a batch of its own. */
const full = (letter: string): string => letter.repeat(900);

describe('WritePartition', () => {
  it('goes round with its sequence numbers at 2^31', () => {
    const { partition, add, send, written } = scene();
    partition.sequence = 2 ** 31 - 2;
    for (const value of ['a', 'b', 'c', 'd', 'e']) add(value);
    partition.batches[0]!.due = true;
    const batch = send();
    expect(batch.sequence).toBe(2 ** 31 - 2);
    written(batch, 100);
    expect([partition.sequence, partition.end]).toEqual([3, 105]);
  });

  it('has a batch ready when it is full, when it is due, or when the next transaction has begun', () => {
    const { partition, add, send, written } = scene();
    expect(add('x'.repeat(600))).toBe(false);
    expect(partition.ready(0)).toBeUndefined();
    expect(add('x'.repeat(600))).toBe(true);
    expect(partition.ready(0)).toBe(partition.batches[0]);
    written(send(), 0);
    expect(partition.ready(0)).toBeUndefined();
    expect(add('next', 1)).toBe(true);
    expect(partition.ready(0)).toBe(partition.batches[0]);
  });

  it('has nothing ready of a transaction that is not the turn of', () => {
    const { partition, add } = scene();
    add('early', 1);
    partition.batches[0]!.due = true;
    expect(partition.ready(0)).toBeUndefined();
    expect(partition.ready(1)).toBe(partition.batches[0]);
  });

  it('sends one batch until the broker has taken it, then up to five', () => {
    const { partition, add, send, written } = scene();
    for (const letter of 'abcdefgh') add(full(letter));
    const first = send();
    expect(partition.ready(0)).toBeUndefined();
    written(first, 0);
    const sent = [send(), send(), send(), send(), send()];
    expect(sent.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(partition.ready(0)).toBeUndefined();
    written(sent[0]!, 1);
    expect(partition.ready(0)).toBe(partition.batches[4]);
  });

  it('sends behind others what is full or urgent, but not what is merely due', () => {
    const { partition, add, send, written } = scene();
    for (const letter of 'abc') add(full(letter));
    written(send(), 0);
    send();
    partition.batches[1]!.due = true;
    expect(partition.ready(0)).toBeUndefined();
    partition.batches[1]!.urgent = true;
    expect(partition.ready(0)).toBe(partition.batches[1]);
  });

  it('sends the same batches again in order once all under way have come back, the first alone', () => {
    const { partition, add, send, written } = scene();
    for (const letter of 'abcd') add(full(letter));
    written(send(), 0);
    const [b, c] = [send(), send()];
    partition.repeat(b, true);
    expect(partition.returned()).toBe('none');
    expect([partition.halted, partition.ready(0)]).toEqual([true, undefined]);
    partition.repeat(c, false);
    expect(partition.returned()).toBe('none');
    const again = send();
    expect([again, again.sequence, again.attempts]).toEqual([b, 1, 2]);
    expect(partition.ready(0)).toBeUndefined();
    written(again, 1);
    expect([send(), c.sequence]).toEqual([c, 2]);
  });

  it('takes an acknowledgement for all that was in doubt before it', () => {
    const { partition, add, send, written, pending } = scene();
    for (const letter of 'abcd') add(full(letter));
    written(send(), 10);
    const [b, c] = [send(), send()];
    partition.repeat(b, true);
    partition.returned();
    expect(written(c, 12)).toBe(true);
    expect([partition.batches.length, partition.end, partition.halted]).toEqual([1, 13, false]);
    expect(pending.bytes).toBe(partition.batches[0]!.writer.size);
  });

  it('does not believe that a batch was taken without one that was refused before it', () => {
    const { partition, add, send, written } = scene();
    for (const letter of 'abcd') add(full(letter));
    written(send(), 10);
    const [b, c] = [send(), send()];
    partition.repeat(b, false);
    partition.returned();
    expect(written(c, 12)).toBe(false);
  });

  it('does not believe an offset with no room for what was in doubt', () => {
    const { partition, add, send, written } = scene();
    for (const letter of 'abcd') add(full(letter));
    written(send(), 10);
    const [b, c] = [send(), send()];
    partition.repeat(b, true);
    partition.returned();
    expect(written(c, 11)).toBe(false);
  });

  it('begins its numbers anew only if none of its batches can be in the log', () => {
    for (const inDoubt of [false, true]) {
      const { partition, add, send, written } = scene();
      for (const letter of 'abcd') add(full(letter));
      written(send(), 0);
      const [b, c] = [send(), send()];
      partition.repeat(b, false, 'start afresh');
      expect(partition.returned()).toBe('none');
      partition.repeat(c, inDoubt);
      expect(partition.returned()).toBe('start afresh');
      expect(partition.startAfresh(0)).toBe(!inDoubt);
      if (!inDoubt) expect([partition.epochs, send().sequence]).toEqual([1, 0]);
    }
  });

  it('has no epoch behind the last', () => {
    const { partition, add } = scene();
    add('a');
    expect([partition.startAfresh(0x7fff), partition.startAfresh(0x7ffe)]).toEqual([false, true]);
  });

  it('splits a batch without changing the numbers of those behind it', () => {
    const { partition, add, send, written, pending } = scene();
    add(full('a'));
    for (const letter of 'bcd') add(letter.repeat(250));
    for (const letter of 'ef') add(full(letter));
    written(send(), 0);
    const [bcd, e] = [send(), send()];
    partition.repeat(bcd, false, 'split');
    expect(partition.returned()).toBe('none');
    partition.repeat(e, false);
    expect(partition.returned()).toBe('split');
    expect(partition.split()).toBe(true);
    expect(partition.batches.map(({ sequence, writer }) => [sequence, writer.count])).toEqual([
      [1, 2],
      [3, 1],
      [4, 1],
      [-1, 1],
    ]);
    expect(pending.bytes).toBe(partition.batches.reduce((sum, { writer }) => sum + writer.size, 0));
  });

  it('refuses a record that no request may hold, names its sizes, and takes the next', () => {
    const { partition, pending } = scene(1000, 2000);
    const tooLarge = () => partition.append('größe', 'x'.repeat(2000), 1000, noHeaders, 0);
    expect(tooLarge).toThrow(
      expect.objectContaining({
        code: 'RECORD_TOO_LARGE',
        details: expect.objectContaining({
          topic: 'orders',
          partition: 0,
          found: expect.stringMatching(/^20\d\d bytes: the key 7 of them, the value 2000$/),
          expected: 'at most 2000 bytes (maxRequestBytes)',
        }),
      }),
    );
    expect([pending.bytes, partition.batches.length]).toEqual([0, 0]);
    expect(partition.append(null, 'x'.repeat(1800), 1000, noHeaders, 0)).toBe(false);
  });

  it('does not use the memory again of a batch that was sent twice', () => {
    for (const twice of [true, false]) {
      const { partition, add, send, written } = scene();
      add('value');
      partition.batches[0]!.due = true;
      let batch = send();
      if (twice) {
        partition.repeat(batch, true);
        partition.returned();
        batch = send();
      }
      written(batch, 0);
      add('next');
      expect(partition.batches[0]!.writer === batch.writer).toBe(!twice);
    }
  });
});
