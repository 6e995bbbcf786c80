import type {
  AnyCodec,
  AnyFunction,
  AnyMessage,
  AnyWindowStore,
  Receive,
  StepContext,
} from '../../dsl/node.ts';
import type { JoinWindow } from './joinWindow.ts';
import { type StreamTime, streamTime } from './streamTime.ts';
import type { Padded } from './tableTableJoin.ts';
import { type Side, type Unmatched, unmatched } from './unmatched.ts';
import { unmatchedAsKafkaStreams } from './unmatchedAsKafkaStreams.ts';

export interface StreamJoin {
  /** (left, right, message) */
  readonly join: AnyFunction;
  readonly window: JoinWindow;
  readonly padded: Padded;
  readonly unmatched: 'once' | 'kafka-streams';
  readonly key: AnyCodec;
}

/** What both sides of a join share. */
interface Both {
  readonly time: StreamTime;
  /** Emits a result, `other` being null where there is no partner. */
  readonly give: (side: Side, own: unknown, other: unknown, at: At, cause: AnyMessage) => void;
  readonly waiting: Unmatched | undefined;
  /** What comes late does not wait for the grace. */
  readonly hasty: boolean;
  /** How long after its time a record of a side may still find a partner, grace included. */
  readonly reach: Readonly<Record<Side, number>>;
}

type At = Pick<AnyMessage, 'key' | 'timestamp'>;

interface OneSide {
  readonly side: Side;
  /** How much earlier and later than a record of this side its partners may be. */
  readonly back: number;
  readonly ahead: number;
  /** Without a partner it is joined with null. */
  readonly pads: boolean;
}

/**
 * The receivers of the two sides. A record first moves the stream time of the join, whatever it holds; then, unless it is late,
 * what can find no partner any more is emitted, then its own pairs; then it is kept for those to come.
 */
export function joinSides(
  task: StepContext,
  emit: Receive,
  { join, window, padded, key, ...described }: StreamJoin,
): Receive[] {
  const { before, after, grace } = window;
  const combine = task.guard(join);
  const hasty = described.unmatched === 'kafka-streams';
  const waiting = padded === 'none' ? undefined : unmatched(task, key);
  const both: Both = {
    time: streamTime(task),
    hasty,
    waiting: hasty && waiting !== undefined ? unmatchedAsKafkaStreams(task, waiting) : waiting,
    reach: { left: after + grace, right: before + grace },
    give(side, own, other, at, { headers }) {
      const message = { key: at.key, value: null, timestamp: at.timestamp, headers };
      const value = side === 'left' ? combine(own, other, message) : combine(other, own, message);
      emit({ key: at.key, value, timestamp: at.timestamp, headers });
    },
  };
  const sides: OneSide[] = [
    { side: 'left', back: before, ahead: after, pads: padded !== 'none' },
    { side: 'right', back: after, ahead: before, pads: padded === 'both' },
  ];
  return sides.map((one) => receiver(task, one, both));
}

function receiver(task: StepContext, { side, back, ahead, pads }: OneSide, both: Both): Receive {
  const other = side === 'left' ? 'right' : 'left';
  const own = task.windowStore(side);
  const partners = task.windowStore(other);
  const { time, give, waiting, hasty, reach } = both;
  return (message) => {
    const { key, value, timestamp } = message;
    const now = time.advance(timestamp);
    if (value === null) return task.drop('null-value', message);
    if (key === null)
      return pads ? give(side, value, null, message, message) : task.drop('null-key', message);
    if (timestamp === now) giveClosed(both, side, message);
    let alone = true;
    const from = Math.max(0, timestamp - back);
    const to = Math.max(0, timestamp + ahead);
    for (const [at, { value: values }] of partners.fetch(key, from, to)) {
      alone = false;
      waiting?.remove(other, key, at);
      const result = { key, timestamp: Math.max(timestamp, at) };
      for (const one of values) give(side, value, one, result, message);
    }
    if (alone && pads && (hasty ? to : timestamp + reach[side]) < now)
      give(side, value, null, message, message);
    else if (alone && pads) waiting!.add(side, key, timestamp, value);
    keep(own, message);
  };
}

/** Emits what has waited for a partner and can find none any more. */
function giveClosed({ waiting, give, reach }: Both, asking: Side, cause: AnyMessage): void {
  if (waiting === undefined) return;
  for (const closed of waiting.takeClosed(cause.timestamp, reach, asking))
    give(closed.side, closed.value, null, closed, cause);
}

/** One row for all records of a key and a moment. */
function keep(store: AnyWindowStore, { key, value, timestamp }: AnyMessage): void {
  const known: readonly unknown[] = store.get(key, timestamp)?.value ?? [];
  store.put(key, timestamp, [...known, value], timestamp);
}
