import type { WindowKey } from '../../dsl/message.ts';
import type { AlignedWindows, AnyMessage, Operator, Receive, StepContext, View } from '../../dsl/node.ts';
import { firstWindowStart } from '../../dsl/windows/windowStarts.ts';
import { emitClosed } from './emitClosed.ts';
import { type Fold, guardedFold, newRow } from './guardedFold.ts';
import type { StreamTime } from './streamTime.ts';

/** How one kind of window is aggregated. */
export interface WindowSteps {
  /** Takes in one of the streams that are folded into the rows. Each has a stream time of its own. */
  receiver(task: StepContext, emit: Receive, fold: Fold, time: StreamTime): Receive;
  readonly view: NonNullable<Operator['view']>;
}

/**
 * One row per key and window. Each record first moves the stream time, then goes into each of its windows that
 * has not closed (end + grace <= stream time); for each that has, it is dropped ('late').
 */
export function windowAggregation(spec: AlignedWindows, onClose: boolean): WindowSteps {
  const { size, advance, offset, grace } = spec;
  return {
    receiver(task, emit, fold, time) {
      const store = task.windowStore();
      const begin = guardedFold(task, fold.first);
      const step = guardedFold(task, fold.add);
      const none = newRow(task, fold);
      const close = emitClosed(task, emit, undefined);

      const update = (message: AnyMessage, start: number): void => {
        const { value, headers } = message;
        const key = { key: message.key, start, end: start + size };
        const windowed = { key, value, timestamp: message.timestamp, headers };
        const row = store.get(message.key, start);
        const after = row === undefined ? begin(value, windowed) : step(row.value, value, windowed);
        const timestamp =
          row === undefined || row.timestamp < message.timestamp ? message.timestamp : row.timestamp;
        if (after === null) store.delete(message.key, start, timestamp);
        else store.put(message.key, start, after, timestamp);
        const before: unknown = row === undefined ? none() : row.value;
        if (!onClose) emit({ key, value: { before, after }, timestamp, headers });
      };
      return (message) => {
        if (message.key === null) return task.drop('null-key', message);
        const closed = time.advance(message.timestamp) - grace;
        if (onClose)
          close(Math.floor((closed - size - offset) / advance) * advance + offset, message.headers);
        let start = firstWindowStart(spec, message.timestamp);
        for (; start <= message.timestamp; start += advance) {
          if (start + size > closed) update(message, start);
          else task.drop('late', message);
        }
      };
    },
    view: windowRow,
  };
}

/** The view of a step whose rows are those of its store, by key and start of the window. */
export function windowRow(task: StepContext): View {
  const store = task.windowStore();
  return (windowKey) => {
    const { key, start } = windowKey as WindowKey<unknown>;
    return store.get(key, start);
  };
}
