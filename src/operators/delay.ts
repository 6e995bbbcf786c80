import { text } from '../dsl/codecs/text.ts';
import type { AnyMessage, Operator, StepContext, Store } from '../dsl/node.ts';
import type { AnyStream, KeyOf, NeedsCodec, Op, Stream, ValueOf } from '../dsl/types.ts';
import { type Duration, milliseconds } from '../dsl/windows/duration.ts';
import { append } from './kernels/append.ts';
import { delayedMessage } from './kernels/delayedMessage.ts';
import { inputNode } from './kernels/inputNode.ts';
import { type SoonestRows, soonestRows } from './kernels/soonestRows.ts';
import { type Store as StoreArgument, type StoreOptions, storeSettings } from './kernels/storeSettings.ts';

type DelayStore<S, K, V> = S extends NeedsCodec
  ? [store: StoreOptions<K, V> & { readonly value: NonNullable<StoreOptions<K, V>['value']> }]
  : [store?: StoreArgument<K, V>];

/**
 * Emits each record when the given time of the wall clock has passed since it was taken in: those due first, of them those
 * that came first, each at most about 100 ms late. What a record waits for, as a row of a table, has then had time to come.
 *
 * Key, value, timestamp and headers stay; stream time plays no part. Records without a key are dropped ('null-key'). What is
 * held back is kept in a store, so crashes and rebalances neither lose nor prolong it; what fell due meanwhile is emitted
 * first thing. INVALID_DURATION for what is no time.
 *
 * @example
 * closes.pipe(keyBy((close) => close.boardId), delay('5s'), leftJoinTable(participants, room), to('rooms'));
 */
export function delay<S extends AnyStream>(
  duration: Duration,
  ...store: DelayStore<S, NonNullable<KeyOf<S>>, NonNullable<ValueOf<S>>>
): Op<S, Stream<NonNullable<KeyOf<S>>, ValueOf<S>>>;
export function delay(duration: Duration, store?: unknown): Op<AnyStream, AnyStream> {
  const wait = milliseconds(duration, 'duration of delay()');
  return (input) => {
    const node = inputNode('delay', input, ['stream']);
    const { name, key, value } = storeSettings('delay', store, node, node.value);
    const operator: Operator = {
      kind: 'delay',
      keyed: true,
      stores: [{ suffix: '', kind: 'keyValue', key: text, value: delayedMessage(key, value) }],
      run: (task, emit) => [holdBack(task, wait, emit)],
    };
    return append(input, ['stream'], operator, { name, key, value });
  };
}

/** Records that go on in one go; those behind them at the next opportunity, so that heartbeats are not kept waiting. */
const mostAtOnce = 10_000;

function holdBack(
  task: StepContext,
  wait: number,
  emit: (message: AnyMessage) => void,
): (message: AnyMessage) => void {
  const store: Store<string, AnyMessage> = task.store();
  const rows = soonestRows(store);
  const nextKey = keysByDue(store, rows);

  // At every opportunity: to look at the first key costs nothing.
  task.schedule(1, (now) => {
    const notDue = rowKey(now + 1, 0);
    for (let count = 0; count < mostAtOnce; count++) {
      const key = rows.first();
      if (key === undefined || key >= notDue) return;
      const { value, timestamp } = store.get(key)!;
      store.delete(key, timestamp);
      rows.shift();
      emit(value);
    }
  });
  return (message) => {
    if (message.key === null) return task.drop('null-key', message);
    const key = nextKey(task.now + wait);
    store.put(key, message, message.timestamp);
    rows.add(key);
  };
}

/** Text that sorts as due times and arrivals do. */
const rowKey = (due: number, sequence: number): string =>
  `${String(due).padStart(16, '0')}-${String(sequence).padStart(9, '0')}`;

/** Gives keys that are not taken. A clock that was set back, or another machine's, can meet rows of the same due time. */
function keysByDue(store: Store<string, AnyMessage>, rows: SoonestRows): (due: number) => string {
  let last = -1;
  let sequence = 0;
  return (due) => {
    if (due !== last) sequence = 0;
    last = due;
    for (;;) {
      const key = rowKey(due, sequence++);
      if (!rows.mayHold(key) || store.get(key) === undefined) return key;
    }
  };
}
