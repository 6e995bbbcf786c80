import type { StepContext } from '../../dsl/node.ts';
import { savedNumber } from './savedNumber.ts';
import type { Unmatched, Waiting } from './unmatched.ts';

/**
 * Looks for what can meet no partner any more as seldom as Kafka Streams does: not before the row at which it last stopped to look,
 * instead of the first that waits, has closed, by the half of the window of the side that asks.
 */
export function unmatchedAsKafkaStreams(task: StepContext, waiting: Unmatched): Unmatched {
  const since = savedNumber(task, 'waitingSince');
  return {
    ...waiting,
    add(side, key, timestamp, value) {
      since.set(Math.min(since.get() ?? never, timestamp));
      waiting.add(side, key, timestamp, value);
    },
    takeClosed(streamTime, reach, asking) {
      if ((since.get() ?? never) + reach[asking] >= streamTime) return [];
      const taken = waiting.takeClosed(streamTime, reach, asking);
      since.set(stop(taken, waiting));
      return taken;
    },
  };
}

const never = Number.MAX_SAFE_INTEGER;

/** The row behind the first of each side that stays; where one has none, the last there was. */
function stop(taken: readonly Waiting[], waiting: Unmatched): number {
  const staying = (['right', 'left'] as const)
    .flatMap((side) => Array.from(waiting.times(side), (time) => ({ side, time })))
    .sort((a, b) => a.time - b.time); // stable: at equal times the right side first
  const sides = new Set<string>();
  for (const { side, time } of staying) {
    if (sides.size === 2) return time;
    sides.add(side);
  }
  const times = [taken.at(-1)?.timestamp, staying.at(-1)?.time].filter((time) => time !== undefined);
  return times.length === 0 ? never : Math.max(...times);
}
