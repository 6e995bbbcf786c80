import type { AnyCell, AnyMessage, Receive, StepContext } from '../../dsl/node.ts';
import { type Fold, guardedFold, newRow } from './guardedFold.ts';

/** The windows of sliding() as rows of a store: what a record does to one of them. */
export interface SlidingRows {
  /** Rows of a key from one start to another, both included. */
  find(key: unknown, from: number, to: number): SlidingRow[];
  /** The record joins what `base` holds; undefined: it is the first of its window. Dropped ('late') when that has closed. */
  update(message: AnyMessage, start: number, base: AnyCell | undefined): void;
  /** Makes the window that begins right behind the record, unless it is there, of `right` if that holds what is behind. */
  copyRight(message: AnyMessage, right: AnyCell | undefined): void;
  /** Windows that end before are closed. */
  close(end: number): void;
}

export interface SlidingRow {
  readonly start: number;
  readonly cell: AnyCell;
}

export function slidingRows(
  task: StepContext,
  difference: number,
  fold: Fold,
  emit: Receive | undefined,
): SlidingRows {
  const store = task.windowStore();
  const begin = guardedFold(task, fold.first);
  const step = guardedFold(task, fold.add);
  const none = newRow(task, fold);
  let closed = Number.NEGATIVE_INFINITY;

  const put = (
    { key, headers }: AnyMessage,
    start: number,
    [before, after]: readonly [before: unknown, after: unknown],
    timestamp: number,
  ): void => {
    if (after === null) store.delete(key, start, timestamp);
    else store.put(key, start, after, timestamp);
    emit?.({ key: { key, start, end: start + difference }, value: { before, after }, timestamp, headers });
  };
  return {
    find: (key, from, to) => [...store.fetch(key, from, to)].map(([start, cell]) => ({ start, cell })),
    update(message, start, base) {
      const { key, value, timestamp, headers } = message;
      const end = start + difference;
      if (end < closed) return task.drop('late', message);
      const windowed = { key: { key, start, end }, value, timestamp, headers };
      const after = base === undefined ? begin(value, windowed) : step(base.value, value, windowed);
      // Kafka Streams takes what a window is made of for what it was.
      const row = fold.before === 'kafka-streams' ? base : store.get(key, start);
      const change = [row === undefined ? none() : row.value, after] as const;
      put(message, start, change, base === undefined ? timestamp : Math.max(timestamp, base.timestamp));
    },
    copyRight(message, right) {
      const start = message.timestamp + 1;
      if (right === undefined || right.timestamp < start || store.get(message.key, start) !== undefined)
        return;
      put(message, start, [null, right.value], right.timestamp);
    },
    close(end) {
      closed = end;
    },
  };
}
