import type { WindowKey } from '../../dsl/message.ts';
import type { AnyMessage, AnyWindowStore, SessionWindows, StepContext, View } from '../../dsl/node.ts';
import { emitClosed } from './emitClosed.ts';
import { type Fold, guardedFold } from './guardedFold.ts';
import { makeSessionRow, type SessionRow, showByStart } from './sessionRow.ts';
import type { WindowSteps } from './windowAggregation.ts';

interface Session extends SessionRow {
  readonly end: number;
}

/**
 * One row per key and session, kept under its end. A record takes every session at most the gap away into one: those are
 * deleted, with a tombstone each, and the new one is emitted. Late is what would make a session that ended longer ago than
 * gap and grace. Sessions are found for `retention` after their end, in time of the store.
 */
export function sessionAggregation(
  { gap, grace }: SessionWindows,
  onClose: boolean,
  retention: number,
): WindowSteps {
  return {
    receiver(task, emit, fold, time) {
      const store = task.windowStore();
      const combine = combining(task, fold);
      const close = emitClosed(task, emit, showByStart);
      const tell = (
        key: WindowKey<unknown>,
        before: unknown,
        after: unknown,
        { headers }: AnyMessage,
      ): void => {
        if (!onClose) emit({ key, value: { before, after }, timestamp: key.end, headers });
      };
      return (message) => {
        const { key, timestamp } = message;
        if (key === null) return task.drop('null-key', message);
        const open = time.advance(timestamp) - gap - grace;
        if (onClose) close(open - 1, message.headers);
        const merged = near(store, message, gap, store.largestStart - retention);
        const start = Math.min(timestamp, ...merged.map((session) => session.start));
        const end = Math.max(timestamp, ...merged.map((session) => session.end));
        if (end < open) return task.drop('late', message);
        // A session of one moment that gets another record of that moment stays what it is.
        const same = start === end ? merged[0] : undefined;
        if (same === undefined) {
          for (const session of merged) {
            store.delete(key, session.end, session.end);
            tell({ key, start: session.start, end: session.end }, session.value, null, message);
          }
        }
        const window = { key, start, end };
        const after = combine(merged, message, window);
        if (after === null) store.delete(key, end, end);
        else store.put(key, end, makeSessionRow(start, after), end);
        tell(
          window,
          same === undefined || fold.before === 'kafka-streams' ? null : same.value,
          after,
          message,
        );
      };
    },
    view: sessionView,
  };
}

/** The sessions of the record's key that it reaches and that ended after `gone`. */
function near(store: AnyWindowStore, { key, timestamp }: AnyMessage, gap: number, gone: number): Session[] {
  const from = Math.max(timestamp - gap, gone + 1);
  const found: Session[] = [];
  for (const [end, { value: row }] of store.fetch(key, from, Number.POSITIVE_INFINITY)) {
    if (row.start > timestamp + gap) break;
    found.push({ start: row.start, end, value: row.value });
  }
  return found;
}

/**
 * What becomes of the sessions, in order of their ends, and the record. Where there is an initial value it is merged too, null
 * or not. A function that gives null begins anew.
 */
function combining(
  task: StepContext,
  { initial, first, add, merge }: Fold,
): (sessions: readonly Session[], message: AnyMessage, window: WindowKey<unknown>) => unknown {
  const guardedInitial = initial && task.guard(initial);
  const begin = guardedFold(task, first);
  const step = guardedFold(task, add);
  const join = guardedFold(task, merge!);
  return (sessions, { value, timestamp, headers }, key) => {
    const message = { key, value, timestamp, headers };
    let accumulator: unknown = null;
    for (const session of sessions) {
      if (guardedInitial !== undefined)
        accumulator = join(accumulator ?? guardedInitial(), session.value, message);
      else accumulator = accumulator === null ? session.value : join(accumulator, session.value, message);
    }
    return accumulator === null ? begin(value, message) : step(accumulator, value, message);
  };
}

function sessionView(task: StepContext): View {
  const store = task.windowStore();
  return (windowKey) => {
    const { key, start, end } = windowKey as WindowKey<unknown>;
    const cell = store.get(key, end);
    return cell?.value.start === start ? { value: cell!.value.value, timestamp: cell!.timestamp } : undefined;
  };
}
