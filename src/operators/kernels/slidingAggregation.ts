import type { AnyCell, AnyMessage, SlidingWindows } from '../../dsl/node.ts';
import { emitClosed } from './emitClosed.ts';
import { type SlidingRow, type SlidingRows, slidingRows } from './slidingRows.ts';
import { type WindowSteps, windowRow } from './windowAggregation.ts';

/**
 * One row per key and window. Windows are there only where what they hold changes: one ends with each record, and one begins
 * a millisecond behind it when something follows. Records earlier than the difference go into the window from 0 on instead
 * of one that ends with them. A window is closed when it ended longer ago than the grace.
 */
export function slidingAggregation({ difference, grace }: SlidingWindows, onClose: boolean): WindowSteps {
  return {
    receiver(task, emit, fold, time) {
      const rows = slidingRows(task, difference, fold, onClose ? undefined : emit);
      const close = emitClosed(task, emit, undefined);
      return (message) => {
        const { key, value, timestamp, headers } = message;
        if (key === null) return task.drop('null-key', message);
        if (value === null) return task.drop('null-value', message);
        const closed = time.advance(timestamp) - grace;
        rows.close(closed);
        if (onClose) close(closed - difference - 1, headers);
        if (timestamp + 1 + difference <= closed) return task.drop('late', message);
        if (timestamp < difference) takeInEarly(rows, message);
        else takeIn(rows, message, difference);
      };
    },
    view: windowRow,
  };
}

function takeIn(rows: SlidingRows, message: AnyMessage, difference: number): void {
  const { key, timestamp } = message;
  const start = timestamp - difference;
  const known = rows.find(key, Math.max(0, start - difference), timestamp).reverse();
  const { holding, left, previous } = neighbours(known, timestamp, start);
  for (const row of holding) rows.update(message, row.start, row.cell);
  const last = holding.at(-1);
  const own = last?.start === start ? last.cell : undefined;
  // What came at this very moment before has made all windows that there can be.
  if (own !== undefined && own.timestamp >= timestamp) return;
  if (previous !== undefined && previous + 1 + difference >= timestamp && !isThere(known, previous + 1)) {
    rows.update(message, previous + 1, undefined);
  }
  if (own === undefined) {
    rows.update(message, start, previous !== undefined && previous >= start ? left : undefined);
  }
  rows.copyRight(message, holding[0]?.start === start ? undefined : holding[0]?.cell);
}

function takeInEarly(rows: SlidingRows, message: AnyMessage): void {
  const { key, timestamp } = message;
  const known = rows.find(key, 0, timestamp);
  const shared = known[0]?.start === 0 ? known[0].cell : undefined;
  const holding = shared === undefined ? known : known.slice(1);
  for (const row of holding) rows.update(message, row.start, row.cell);
  rows.copyRight(message, holding.at(-1)?.cell ?? shared);
  const previous = shared?.timestamp ?? timestamp;
  if (previous < timestamp && !isThere(known, previous + 1)) rows.update(message, previous + 1, undefined);
  rows.update(message, 0, shared);
}

const isThere = (rows: readonly SlidingRow[], start: number): boolean =>
  rows.some((row) => row.start === start);

/** What the windows of a key, latest start first, tell about the record: those it falls into, and what came before it. */
function neighbours(
  rows: readonly SlidingRow[],
  timestamp: number,
  start: number,
): {
  readonly holding: readonly SlidingRow[];
  /** The last window that ends before the record: as it is, it begins the window that ends with it. */
  readonly left: AnyCell | undefined;
  /** Timestamp of the record before. */
  readonly previous: number | undefined;
} {
  const ended = rows.findIndex((row) => row.start < start);
  const holding = ended < 0 ? rows : rows.slice(0, ended);
  const left = rows[ended]?.cell;
  const last = holding.at(-1);
  const own = last?.start === start && last.cell.timestamp < timestamp ? last.cell.timestamp : undefined;
  return { holding, left, previous: left?.timestamp ?? own };
}
