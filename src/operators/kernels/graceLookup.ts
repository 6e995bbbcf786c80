import { text } from '../../dsl/codecs/text.ts';
import type { AnyCodec, AnyMessage, Operator, Receive, StepContext, Store } from '../../dsl/node.ts';
import { delayedMessage } from './delayedMessage.ts';
import { type Lookup, lookup } from './lookup.ts';
import { savedNumber, savedNumbers } from './savedNumber.ts';
import { soonestRows } from './soonestRows.ts';
import { streamTime } from './streamTime.ts';
import { timeAndKey, timeIn } from './timeAndKey.ts';

export interface GraceLookup extends Pick<Lookup, 'join' | 'left'> {
  /** How long records wait, in ms of the stream's time. */
  readonly grace: number;
  readonly key: AnyCodec;
  readonly value: AnyCodec;
}

/**
 * A lookup that gives the table time: records wait until those of the stream that can be joined have come to their time and the
 * grace, then they are joined by time and key. Those that are so late already are joined at once.
 */
export function graceLookup(described: GraceLookup): Pick<Operator, 'run' | 'stores'> {
  const { grace, key, value } = described;
  return {
    stores: [
      { suffix: 'waiting', kind: 'keyValue', key: text, value: delayedMessage(key, value) },
      savedNumbers,
    ],
    run(task, emit) {
      const [join, table] = lookup(described)(task, emit) as [Receive, Receive];
      const time = streamTime(task);
      const waiting = waitingMessages(task, key);
      const receive: Receive = (message) => {
        const { timestamp } = message;
        if (message.value === null || message.key === null) return join(message); // dropped, or joined with null
        const due = time.advance(timestamp) - grace;
        if (timestamp <= due) return join(message);
        waiting.add(message);
        waiting.takeUntil(due, join);
      };
      return [receive, table];
    },
  };
}

interface WaitingMessages {
  add(message: AnyMessage): void;
  /** Takes those out that have at most this timestamp, in order. */
  takeUntil(timestamp: number, take: Receive): void;
}

/** Messages by time, key and arrival. */
function waitingMessages(task: StepContext, key: AnyCodec): WaitingMessages {
  const store: Store<string, AnyMessage> = task.store('waiting');
  const rows = soonestRows(store);
  const arrivals = savedNumber(task, 'arrivals');
  const placeOf = task.guard(timeAndKey);
  return {
    add(message) {
      const arrival = (arrivals.get() ?? 0) + 1;
      arrivals.set(arrival);
      const row = `${placeOf(message.timestamp, key, message.key)}\0${digits(arrival)}`;
      store.put(row, message, message.timestamp);
      rows.add(row);
    },
    takeUntil(timestamp, take) {
      for (let row = rows.first(); row !== undefined && timeIn(row) <= timestamp; row = rows.first()) {
        const { value: message } = store.get(row)!;
        store.delete(row, message.timestamp);
        rows.shift();
        take(message);
      }
    },
  };
}

/** Sort as the numbers do, up to the largest safe one. */
const digits = (number: number): string => String(number).padStart(16, '0');
