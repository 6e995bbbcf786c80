import type { Clock } from '../../src/runtime/clock.ts';
import type { CommittedOffsets } from '../../src/runtime/transport/embedded/committedOffsets.ts';
import type { CommittedOffset, TopicPartition } from '../../src/runtime/transport/transport.ts';

/** Lets offsets become visible some time after the transaction that holds them, as coordinators of Kafka 3 may. */
export interface LateOffsets {
  by: number;
  /** What is visible now: who does not ask for stable offsets gets this. */
  visible(partition: TopicPartition): CommittedOffset | undefined;
}

export function lateOffsets(offsets: CommittedOffsets, clock: Clock): LateOffsets {
  const visible = new Map<string, CommittedOffset>();
  /** Offsets of the producer's next transaction wait apart from those that are decided already. */
  const transactions = new Map<number, number>();
  const of = (producerId: number): number => (transactions.get(producerId) ?? 0) * 1e6 + producerId;
  let due = 0;
  const { set, pend, decide } = offsets;
  const self: LateOffsets = {
    by: 0,
    visible: ({ topic, partition }) => visible.get(`${partition}:${topic}`),
  };
  offsets.set = (group, some) => {
    for (const one of some) visible.set(`${one.partition}:${one.topic}`, one);
    set.call(offsets, group, some);
  };
  offsets.pend = (group, producerId, some) => pend.call(offsets, group, of(producerId), some);
  offsets.decide = (producerId, groups, how) => {
    const decided = of(producerId);
    transactions.set(producerId, (transactions.get(producerId) ?? 0) + 1);
    const now = [...groups];
    // In the order of their transactions.
    due = Math.max(due, clock.monotonic() + (how === 'abort' ? 0 : self.by));
    if (due <= clock.monotonic()) decide.call(offsets, decided, now, how);
    else clock.after(due - clock.monotonic(), () => decide.call(offsets, decided, now, how));
  };
  return self;
}
