import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Held, HeldAnswers } from '../../../../src/runtime/transport/kafka/heldAnswers.ts';
import type {
  AbortedTransaction,
  FetchedPartition,
} from '../../../../src/runtime/transport/kafka/protocol/fetch.ts';
import { ReadPartition } from '../../../../src/runtime/transport/kafka/readPartition.ts';
import type { Isolation } from '../../../../src/runtime/transport/transport.ts';
import { dataBatch, emptiedBatch, markerBatch } from './batches.ts';

const somewhere = { topic: 'orders', partition: 3 };

function fetched(batches: readonly Buffer[], answer: Partial<FetchedPartition> = {}): FetchedPartition {
  return {
    topicId: 'orders',
    partition: 3,
    errorCode: 0,
    highWatermark: 1000,
    lastStableOffset: 1000,
    logStartOffset: 0,
    aborted: [],
    preferredReplica: -1,
    divergence: undefined,
    records: Buffer.concat(batches),
    ...answer,
  };
}

function reading(
  offset = 0,
  isolation: Isolation = 'committed',
  held: HeldAnswers = new HeldAnswers(),
): ReadPartition {
  return new ReadPartition(somewhere, offset, isolation, held);
}

/** An answer that is this large in memory. */
function answerOf(bytes: number): Held {
  return { bytes, batches: 0 };
}

/** Takes an answer in that holds nothing else. */
function receive(partition: ReadPartition, one: FetchedPartition): void {
  partition.receive(one, answerOf(one.records.length));
}

/** Values of everything there is to hand out. */
function drain(partition: ReadPartition): string[] {
  const values: string[] = [];
  for (let batch = partition.take(); batch !== undefined; batch = partition.take()) {
    while (batch.next()) values.push(batch.valueText()!);
  }
  return values;
}

function visible(
  batches: readonly Buffer[],
  aborted: readonly AbortedTransaction[],
  isolation: Isolation = 'committed',
): string[] {
  const partition = reading(0, isolation);
  receive(partition, fetched(batches, { aborted }));
  return drain(partition);
}

describe('ReadPartition', () => {
  it('hands out what is committed and hides what is aborted', () => {
    const log = [
      dataBatch(0, ['committed'], { producerId: 1 }),
      markerBatch(1, 1, 'commit'),
      dataBatch(2, ['aborted'], { producerId: 1 }),
      markerBatch(3, 1, 'abort'),
      dataBatch(4, ['committed later'], { producerId: 1 }),
      markerBatch(5, 1, 'commit'),
      dataBatch(6, ['no transaction']),
    ];
    expect(visible(log, [{ producerId: 1, firstOffset: 2 }])).toEqual([
      'committed',
      'committed later',
      'no transaction',
    ]);
    expect(visible(log, [], 'uncommitted')).toEqual([
      'committed',
      'aborted',
      'committed later',
      'no transaction',
    ]);
  });

  it('is not ended in its filtering by a record whose key looks like an abort marker', () => {
    const markerKey = Buffer.from([0, 0, 0, 0]);
    const log = [
      dataBatch(0, ['a', 'b'], { producerId: 1, keys: [markerKey, markerKey] }),
      dataBatch(2, ['c'], { producerId: 1 }),
      markerBatch(3, 1, 'abort'),
      dataBatch(4, ['d'], { keys: [markerKey] }),
    ];
    expect(visible(log, [{ producerId: 1, firstOffset: 0 }])).toEqual(['d']);
  });

  it('opens every aborted transaction that has begun, not one per batch', () => {
    const log = [
      dataBatch(2, ['c'], { producerId: 3 }),
      dataBatch(3, ['b'], { producerId: 2 }),
      dataBatch(4, ['a'], { producerId: 1 }),
      markerBatch(5, 2, 'abort'),
      markerBatch(6, 3, 'abort'),
      markerBatch(7, 1, 'abort'),
    ];
    // All three began in an earlier answer.
    const aborted = [0, 0, 1].map((firstOffset, index) => ({ producerId: index + 1, firstOffset }));
    const partition = reading(2);
    receive(partition, fetched(log, { aborted }));
    expect([drain(partition), partition.position]).toEqual([[], 8]);
  });

  it('does not rely on the order of the list, which is that of the markers', () => {
    const log = [
      dataBatch(0, ['a'], { producerId: 1 }),
      dataBatch(1, ['b'], { producerId: 2 }),
      markerBatch(2, 2, 'abort'),
      dataBatch(3, ['c'], { producerId: 2 }),
      markerBatch(4, 2, 'commit'),
      markerBatch(5, 1, 'abort'),
    ];
    const byMarker = [
      { producerId: 2, firstOffset: 1 },
      { producerId: 1, firstOffset: 0 },
    ];
    expect(visible(log, byMarker)).toEqual(['c']);
  });

  it('hides two aborted transactions of one producer with a committed one between', () => {
    const log = [
      dataBatch(0, ['a'], { producerId: 1 }),
      markerBatch(1, 1, 'abort'),
      dataBatch(2, ['b'], { producerId: 1 }),
      markerBatch(3, 1, 'commit'),
      dataBatch(4, ['c'], { producerId: 1 }),
      markerBatch(5, 1, 'abort'),
    ];
    const aborted = [
      { producerId: 1, firstOffset: 0 },
      { producerId: 1, firstOffset: 4 },
    ];
    expect(visible(log, aborted)).toEqual(['b']);
  });

  it('goes on hiding in the next answer, where the transaction is listed again', () => {
    const partition = reading();
    const aborted = [{ producerId: 1, firstOffset: 0 }];
    receive(partition, fetched([dataBatch(0, ['a'], { producerId: 1 })], { aborted }));
    receive(
      partition,
      fetched(
        [
          dataBatch(1, ['b'], { producerId: 1 }),
          dataBatch(2, ['other'], { producerId: 2 }),
          markerBatch(3, 1, 'abort'),
          dataBatch(4, ['c'], { producerId: 1 }),
        ],
        { aborted },
      ),
    );
    expect(drain(partition)).toEqual(['other', 'c']);
  });

  it('shows what a model of the log shows, however transactions overlap and answers are cut', () => {
    const action = fc.record({
      producer: fc.integer({ min: 1, max: 4 }),
      what: fc.constantFrom('write', 'write', 'write', 'commit', 'abort', 'plain'),
      size: fc.integer({ min: 1, max: 3 }),
    });
    const actions = fc.array(action, { minLength: 1, maxLength: 40 });
    const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(actions, cuts, (done, cut) => {
        const model = modelLog(done);
        const partition = reading();
        for (let at = 0, turn = 0; at < model.log.length; turn++) {
          const answer = model.log.slice(at, at + cut[turn % cut.length]!);
          at += answer.length;
          const [from, to] = [answer[0]!.offset, answer.at(-1)!.last];
          const aborted = model.aborted.filter((one) => one.lastOffset >= from && one.firstOffset <= to);
          receive(
            partition,
            fetched(
              answer.map(({ bytes }) => bytes),
              { aborted },
            ),
          );
        }
        expect(drain(partition)).toEqual(model.committed);
        expect(partition.position).toBe(model.end);
      }),
      { numRuns: 500 },
    );
  });

  it('moves its position over what it does not show', () => {
    const partition = reading();
    receive(
      partition,
      fetched([
        emptiedBatch(0, 5),
        markerBatch(5, 7, 'commit'),
        dataBatch(10, ['a']),
        markerBatch(11, 7, 'commit'),
      ]),
    );
    expect(partition.position).toBe(10);
    const batch = partition.take()!;
    expect(batch.nextOffset).toBe(12);
    expect(partition.position).toBe(12);
    receive(partition, fetched([markerBatch(12, 7, 'abort')]));
    expect(partition.position).toBe(13);
  });

  it('begins at the offset asked for, in the middle of a batch and behind all of it', () => {
    const partition = reading(2);
    receive(partition, fetched([dataBatch(0, ['a', 'b', 'c', 'd'])]));
    expect(partition.position).toBe(2);
    expect(drain(partition)).toEqual(['c', 'd']);
    const behind = reading(4);
    receive(behind, fetched([dataBatch(0, ['a', 'b', 'c', 'd']), dataBatch(4, ['e'])]));
    expect(drain(behind)).toEqual(['e']);
  });

  it('leaves out a batch that was cut off, and asks for as much as it needs', () => {
    const whole = dataBatch(1, ['x'.repeat(500)]);
    const partition = reading();
    receive(partition, fetched([dataBatch(0, ['a']), whole.subarray(0, 100)]));
    expect([drain(partition), partition.position, partition.minFetchBytes]).toEqual([['a'], 1, 0]);
    receive(partition, fetched([whole.subarray(0, 100)]));
    expect(partition.minFetchBytes).toBe(whole.length);
    receive(partition, fetched([whole]));
    expect([drain(partition).length, partition.minFetchBytes]).toEqual([1, 0]);
  });

  it('knows the end by its isolation', () => {
    const answer = fetched([], { highWatermark: 20, lastStableOffset: 15 });
    const [committed, uncommitted] = [reading(), reading(0, 'uncommitted')];
    receive(committed, answer);
    receive(uncommitted, answer);
    expect([committed.end, uncommitted.end]).toEqual([15, 20]);
  });

  it('gives what stands before a damaged batch, then says what is damaged, and reads it again', () => {
    const damaged = dataBatch(1, ['b']);
    damaged[65]! ^= 1;
    const partition = reading();
    receive(partition, fetched([dataBatch(0, ['a']), damaged, dataBatch(2, ['c'])]));
    expect(partition.take()!.remaining).toBe(1);
    expect(() => partition.take()).toThrow(
      expect.objectContaining({
        code: 'CORRUPT_BATCH',
        details: expect.objectContaining({ ...somewhere, offset: 1 }),
      }),
    );
    expect([partition.position, partition.bytes, partition.hasBatch]).toEqual([1, 0, false]);
    receive(partition, fetched([dataBatch(1, ['b'])]));
    expect(drain(partition)).toEqual(['b']);
  });

  it('keeps what stands before bytes that are no batch', () => {
    const partition = reading();
    const nonsense = Buffer.alloc(200, 0x11);
    expect(() => receive(partition, fetched([dataBatch(0, ['a']), nonsense]))).toThrow('format');
    expect([drain(partition), partition.position]).toEqual([['a'], 1]);
  });

  it('copies out of an answer what is a small part of it, and counts the whole of it otherwise', () => {
    const held = new HeldAnswers();
    const [small, large] = [reading(0, 'committed', held), reading(0, 'committed', held)];
    const batch = dataBatch(0, ['a', 'b']);
    const answer = answerOf(1000);
    small.receive(fetched([batch]), answerOf(17 * batch.length));
    expect([held.bytes, held.wantedBytes]).toEqual([batch.length, batch.length]);
    for (const partition of [large, large]) {
      const records = dataBatch(partition.fetchOffset, ['x'.repeat(200)]);
      partition.receive(fetched([records]), answer);
    }
    // Both batches came in one answer.
    expect(held.bytes).toBe(batch.length + 1000);
    expect([drain(small), held.bytes]).toEqual([['a', 'b'], 1000]);
    expect(drain(large)).toHaveLength(2);
    expect([held.bytes, held.wantedBytes]).toEqual([0, 0]);
  });

  it('leaves the answer it came with when it settles down, and loses nothing by it', () => {
    const held = new HeldAnswers();
    const partition = reading(0, 'committed', held);
    const records = Buffer.concat([dataBatch(0, ['a', 'b']), dataBatch(2, ['c'])]);
    const answer = Buffer.concat([records]);
    partition.receive(fetched([], { records: answer }), answerOf(10 * records.length));
    expect(held.isWasteful(5 * records.length)).toBe(true);
    partition.settleDown();
    answer.fill(0);
    expect([held.bytes, held.wantedBytes, held.isWasteful(0)]).toEqual([
      records.length,
      records.length,
      false,
    ]);
    expect([partition.position, drain(partition), held.bytes]).toEqual([0, ['a', 'b', 'c'], 0]);
  });

  it('has nothing in memory once it is dropped, and reads again from where it was', () => {
    const held = new HeldAnswers();
    const partition = reading(0, 'committed', held);
    partition.receive(fetched([dataBatch(0, ['a']), dataBatch(1, ['b'])]), answerOf(500));
    partition.take();
    partition.drop();
    expect([held.bytes, held.wantedBytes, partition.bytes, partition.position]).toEqual([0, 0, 0, 1]);
  });

  it('drops what was read ahead of a part of the log that is gone, and says so where it was handed out', () => {
    const ahead = () => {
      const partition = reading();
      const batches = [0, 1, 2].map((at) => dataBatch(at, [`${at}`], { leaderEpoch: at < 2 ? 5 : 6 }));
      receive(partition, fetched(batches));
      partition.take();
      return partition;
    };
    const shorter = ahead();
    expect(shorter.cutBackTo({ epoch: 5, endOffset: 1 })).toBe(true);
    expect([shorter.fetchOffset, shorter.lastFetchedEpoch, shorter.hasBatch]).toEqual([1, 5, false]);
    const otherEpoch = ahead();
    expect(otherEpoch.cutBackTo({ epoch: 5, endOffset: 9 })).toBe(true);
    expect([otherEpoch.fetchOffset, otherEpoch.lastFetchedEpoch, drain(otherEpoch)]).toEqual([2, 5, ['1']]);
    expect(ahead().cutBackTo({ epoch: 5, endOffset: 0 })).toBe(false);
    expect(ahead().cutBackTo({ epoch: 4, endOffset: 9 })).toBe(false);
  });

  it('knows the epoch before a damaged batch also where that was not shown', () => {
    const damaged = dataBatch(2, ['b'], { leaderEpoch: 7 });
    damaged[65]! ^= 1;
    const marker = markerBatch(1, 7, 'commit');
    marker.writeInt32BE(7, 12);
    const partition = reading();
    receive(partition, fetched([dataBatch(0, ['a'], { leaderEpoch: 3 }), marker, damaged]));
    partition.take();
    expect(() => partition.take()).toThrow('CORRUPT_BATCH');
    // With epoch 3 the leader would say that its log goes another way from offset 1.
    expect([partition.fetchOffset, partition.lastFetchedEpoch]).toEqual([2, 7]);
  });

  it('remembers the leader epoch of what it read last', () => {
    const partition = reading();
    receive(
      partition,
      fetched([dataBatch(0, ['a'], { leaderEpoch: 4 }), dataBatch(1, ['b'], { leaderEpoch: 6 })]),
    );
    expect(partition.lastFetchedEpoch).toBe(6);
  });
});

interface Action {
  readonly producer: number;
  readonly what: string;
  readonly size: number;
}

interface InLog {
  readonly offset: number;
  readonly last: number;
  readonly bytes: Buffer;
}

interface Aborted extends AbortedTransaction {
  readonly lastOffset: number;
}

/** A log, what of it is committed, and the transactions that were aborted in the order of their markers. */
function modelLog(actions: readonly Action[]): {
  log: InLog[];
  aborted: Aborted[];
  committed: string[];
  end: number;
} {
  const log: InLog[] = [];
  const aborted: Aborted[] = [];
  const fates = new Map<string, boolean>();
  const open = new Map<number, { first: number; values: string[] }>();
  let offset = 0;
  const add = (count: number, bytes: Buffer) => {
    log.push({ offset, last: offset + count - 1, bytes });
    offset += count;
  };
  const end = (producer: number, how: 'commit' | 'abort') => {
    const transaction = open.get(producer);
    if (transaction === undefined) return;
    open.delete(producer);
    for (const value of transaction.values) fates.set(value, how === 'commit');
    if (how === 'abort')
      aborted.push({ producerId: producer, firstOffset: transaction.first, lastOffset: offset });
    add(1, markerBatch(offset, producer, how));
  };
  for (const { producer, what, size } of actions) {
    if (what === 'commit' || what === 'abort') {
      end(producer, what);
      continue;
    }
    const values = Array.from({ length: size }, (_, index) => `${offset + index}`);
    if (what === 'plain') for (const value of values) fates.set(value, true);
    else {
      const transaction = open.get(producer) ?? { first: offset, values: [] };
      transaction.values.push(...values);
      open.set(producer, transaction);
    }
    add(size, dataBatch(offset, values, what === 'plain' ? {} : { producerId: producer }));
  }
  // The broker shows nothing behind the first open transaction: end them all.
  for (const producer of [...open.keys()]) end(producer, 'abort');
  const committed = [...fates].filter(([, kept]) => kept).map(([value]) => value);
  return { log, aborted, committed: committed.sort((a, b) => Number(a) - Number(b)), end: offset };
}
