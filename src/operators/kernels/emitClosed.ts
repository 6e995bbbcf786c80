import type { Headers, WindowKey } from '../../dsl/message.ts';
import type { AnyCell, Receive, StepContext } from '../../dsl/node.ts';
import { savedNumber } from './savedNumber.ts';

/** Rows with the windows they stand for. */
export type WindowRows = Iterable<readonly [key: WindowKey<unknown>, cell: AnyCell]>;

/**
 * Emits the rows of windows that have closed, each once, by start and key or as `show` puts them: everything that starts up to
 * `last` and has not been emitted before. To be called before the record that moves time is put, as that may let the rows
 * expire.
 */
export function emitClosed(
  task: StepContext,
  emit: Receive,
  show: ((rows: WindowRows) => WindowRows) | undefined,
): (last: number, headers: Headers) => void {
  const rows = task.windowStore();
  const emitted = savedNumber(task, 'emitted');
  return (last, headers) => {
    const before = emitted.get() ?? Number.NEGATIVE_INFINITY;
    if (last <= before) return;
    emitted.set(last);
    const closed = rows.between(before + 1, last);
    for (const [key, { value, timestamp }] of show === undefined ? closed : show(closed)) {
      emit({ key, value: { before: null, after: value }, timestamp, headers });
    }
  };
}
