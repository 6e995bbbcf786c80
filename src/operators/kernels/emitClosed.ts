import type { Headers } from '../../dsl/message.ts';
import type { Receive, StepContext, StoreSpec } from '../../dsl/node.ts';
import { savedNumber } from './savedNumber.ts';

/**
 * Emits the rows of windows that have closed, each once, by start and key: everything that starts up to `last` and has not
 * been emitted before. To be called before the record that moves time is put, as that may let the rows expire.
 */
export function emitClosed(
  task: StepContext,
  emit: Receive,
  show: StoreSpec['show'],
): (last: number, headers: Headers) => void {
  const rows = task.windowStore();
  const emitted = savedNumber(task, 'emitted');
  return (last, headers) => {
    const before = emitted.get() ?? Number.NEGATIVE_INFINITY;
    if (last <= before) return;
    emitted.set(last);
    for (const [window, cell] of rows.between(before + 1, last)) {
      const [key, { value, timestamp }] = show === undefined ? [window, cell] : show(window, cell);
      emit({ key, value: { before: null, after: value }, timestamp, headers });
    }
  };
}
