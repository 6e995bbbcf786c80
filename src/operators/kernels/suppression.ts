import { change } from '../../dsl/codecs/change.ts';
import { text } from '../../dsl/codecs/text.ts';
import type {
  AnyCodec,
  AnyMessage,
  Operator,
  Receive,
  StepContext,
  Store,
  StoreSpec,
} from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';
import { bufferLimits, type Limits } from './bufferLimits.ts';
import { delayedMessage } from './delayedMessage.ts';
import { savedNumbers } from './savedNumber.ts';
import { soonestRows } from './soonestRows.ts';
import { streamTime } from './streamTime.ts';
import { timeAndKey, timeIn } from './timeAndKey.ts';

export interface Suppression {
  /** Where a row stands in the queue that is not in it yet. */
  readonly placeOf: (message: AnyMessage) => number;
  /** A row goes out when stream time is this far behind its place, in ms. */
  readonly wait: number;
  /** Rows that came and went while they were held back leave no trace. */
  readonly final: boolean;
  readonly limits: Limits;
  readonly whenFull: 'emitEarly' | 'stop';
  readonly key: AnyCodec;
  readonly value: AnyCodec;
}

/**
 * What suppress() is: changes are held back, one per key, in a queue by place and key. A change that comes later replaces the one
 * held, not its place; what is held remembers the row as it was last emitted. Its own stream time is that of the changes.
 */
export function suppression(described: Suppression): Operator {
  const { key, value } = described;
  return {
    kind: 'suppress',
    stores: [...heldStores(key, value), savedNumbers],
    run: (task, emit) => [receiver(task, described, queue(task, described, emit))],
    view(task, [input]) {
      const held: Store<unknown, AnyMessage> = task.store();
      return (of) => {
        const cell = held.get(of);
        if (cell === undefined) return input!(of);
        const { before } = cell.value.value;
        return before === null ? undefined : { value: before, timestamp: unknownTime };
      };
    },
  };
}

/** A change does not say how old the row before was. Whoever joins with it takes the larger of two times. */
const unknownTime = -1;

/** By key, what is held, under its place as timestamp; by place and key, the key. */
function heldStores(key: AnyCodec, value: AnyCodec): StoreSpec[] {
  return [
    { suffix: '', kind: 'keyValue', key, value: heldCodec(key, value) },
    { suffix: 'order', kind: 'keyValue', key: text, value: key },
  ];
}

const heldCodec = (key: AnyCodec, value: AnyCodec): AnyCodec => delayedMessage(key, change(value));

interface Queue {
  put(message: AnyMessage): void;
  /** Emits what has its place up to here. */
  releaseTo(place: number): void;
  /** Emits the first. */
  release(): void;
  /** What is more than allowed, in words. */
  exceeded(): string | undefined;
}

function receiver(task: StepContext, described: Suppression, rows: Queue): Receive {
  const { wait, whenFull } = described;
  const time = streamTime(task);
  return (message) => {
    const now = time.advance(message.timestamp);
    rows.put(message);
    rows.releaseTo(now - wait);
    for (let found = rows.exceeded(); found !== undefined; found = rows.exceeded()) {
      if (whenFull === 'stop') throw full(task.step, described.limits, found);
      rows.release();
    }
  };
}

function queue(task: StepContext, described: Suppression, emit: Receive): Queue {
  const { placeOf, final, key: codec, value } = described;
  const held: Store<unknown, AnyMessage> = task.store();
  const order: Store<string, unknown> = task.store('order');
  const soonest = soonestRows(order);
  const limits = bufferLimits(task, described.limits, codec, heldCodec(codec, value));
  const rowOf = task.guard(timeAndKey);

  const release = (): void => {
    const first = soonest.first()!;
    const place = timeIn(first);
    const key = order.get(first)!.value;
    const row = held.get(key)!.value;
    const { value: change, timestamp, headers } = row;
    limits.remove(key, row);
    // Before it is emitted: who reads the table then finds the row that is emitted.
    held.delete(key, place);
    order.delete(first, place);
    soonest.shift();
    if (final && change.before === null && change.after === null) return;
    emit({ key, value: change, timestamp, headers });
  };
  return {
    put({ key, value: change, timestamp, headers }) {
      const known = held.get(key);
      const before: unknown = known === undefined ? change.before : known.value.value.before;
      // The key is that of the row.
      const next = { key: null, value: { before, after: change.after }, timestamp, headers };
      if (known === undefined) {
        const place = placeOf({ key, value: change, timestamp, headers });
        const row = rowOf(place, codec, key);
        held.put(key, next, place);
        order.put(row, key, place);
        soonest.add(row);
      } else {
        limits.remove(key, known.value);
        held.put(key, next, known.timestamp);
      }
      limits.add(key, next);
    },
    releaseTo(place) {
      for (let row = soonest.first(); row !== undefined && timeIn(row) <= place; row = soonest.first())
        release();
    },
    release,
    exceeded: limits.exceeded,
  };
}

function full(step: string, { maxRecords, maxBytes }: Limits, found: string): MillraceError {
  const allowed = [
    ...(maxRecords === undefined ? [] : [`${maxRecords} records`]),
    ...(maxBytes === undefined ? [] : [`${maxBytes} bytes`]),
  ];
  return new MillraceError('BUFFER_FULL', 'suppress() would hold back more than it may', {
    step,
    expected: `at most ${allowed.join(' and ')}`,
    found,
    next: "Allow it more with maxRecords and maxBytes, or let it emit the oldest rows early: whenFull: 'emitEarly'.",
  });
}
