import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FetchSession,
  unremembered,
  type WantedPartition,
} from '../../../../src/runtime/transport/kafka/fetchSession.ts';
import type { FetchSessionStep } from '../../../../src/runtime/transport/kafka/protocol/fetch.ts';
import type { FetchRequest } from './modelFetch.ts';
import { FetchRefused, ModelSessions } from './modelSessions.ts';

const topics = ['aa', 'bb'];

function wanted(partition: number, offset = 0, topicId = 'aa'): WantedPartition {
  return { topicId, partition, offset, maxBytes: 100, leaderEpoch: 1, lastFetchedEpoch: -1 };
}

function many(count: number): WantedPartition[] {
  return Array.from({ length: count }, (_, partition) => wanted(partition));
}

function asRequest({ id, epoch, topics: named, forgotten }: FetchSessionStep): FetchRequest {
  const asked = named.flatMap(([topicId, partitions]) =>
    partitions.map((one) => ({ topicId, ...one, epoch: one.leaderEpoch, lastEpoch: one.lastFetchedEpoch })),
  );
  const gone = forgotten.flatMap(([topicId, partitions]) =>
    partitions.map((partition) => ({ topicId, partition })),
  );
  const rest = { maxWaitMs: 0, maxBytes: 1000, committed: true, rack: '' };
  return { ...rest, sessionId: id, sessionEpoch: epoch, asked, forgotten: gone };
}

/** What of the partitions a request names. */
function named(step: FetchSessionStep): number[] {
  return step.topics.flatMap(([, partitions]) => partitions.map(({ partition }) => partition));
}

describe('FetchSession', () => {
  it('makes the broker look for what is wanted and nothing else, whatever is lost or forgotten', () => {
    const one = fc.record({ topic: fc.integer({ min: 0, max: 1 }), offset: fc.integer({ min: 0, max: 2 }) });
    const round = fc.record({
      partitions: fc.dictionary(fc.integer({ min: 0, max: 39 }).map(String), one, { maxKeys: 40 }),
      fate: fc.constantFrom('answered', 'answered', 'answered', 'not sent', 'answer lost', 'forgotten'),
    });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 30 }), fc.integer({ min: 0, max: 1 }), (rounds, limit) => {
        const broker = new ModelSessions();
        broker.limit = limit;
        const session = new FetchSession();
        for (const { partitions, fate } of rounds) {
          if (fate === 'forgotten') broker.forgetAll();
          const all = Object.entries(partitions).map(([partition, { topic, offset }]) =>
            wanted(Number(partition), offset, topics[topic]),
          );
          const step = session.next(all);
          if (fate === 'not sent') {
            session.restart();
            continue;
          }
          try {
            const { id, asked } = broker.open(asRequest(step));
            const places = (list: readonly { topicId: string; partition: number; offset: number }[]) =>
              list.map((place) => `${place.topicId} ${place.partition} at ${place.offset}`).sort();
            expect(places(asked)).toEqual(places(all));
            if (fate === 'answer lost') session.restart();
            else session.answered(id);
          } catch (error) {
            if (!(error instanceof FetchRefused)) throw error;
            session.forgotten();
          }
        }
        const last = session.end();
        if (last !== undefined) broker.open(asRequest(last));
        expect(broker.count).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });

  it('names what has changed, and what is wanted no more', () => {
    const session = new FetchSession();
    expect(session.next(many(20)).epoch).toBe(0);
    session.answered(7);
    const unchanged = session.next(many(20));
    expect([unchanged.id, unchanged.epoch, named(unchanged), unchanged.forgotten]).toEqual([7, 1, [], []]);
    session.answered(7);
    const moved = session.next([wanted(0, 5), ...many(18).slice(1), wanted(30)]);
    expect([moved.epoch, named(moved), moved.forgotten]).toEqual([2, [0, 30], [['aa', [18, 19]]]]);
  });

  it('keeps no session with a broker that is asked for a few partitions', () => {
    const session = new FetchSession();
    for (let round = 0; round < 3; round++) {
      const step = session.next(many(15));
      expect(step).toEqual(unremembered(many(15)));
      session.answered(0);
    }
    expect(session.end()).toBeUndefined();
  });

  it('begins again with its first number behind the last', () => {
    const session = new FetchSession();
    session.next(many(20));
    session.answered(7);
    expect(session.next(many(20)).epoch).toBe(1);
    session.answered(7);
    session.restart();
    const step = session.next(many(20));
    expect([step.id, step.epoch, named(step).length]).toEqual([7, 0, 20]);
  });

  it('tells the broker once that the session is over', () => {
    const session = new FetchSession();
    session.next(many(20));
    session.answered(7);
    expect(session.end()).toEqual({ id: 7, epoch: -1, topics: [], forgotten: [] });
    expect(session.end()).toBeUndefined();
  });
});
