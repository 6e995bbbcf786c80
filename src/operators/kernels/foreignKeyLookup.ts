import type { Codec } from '../../dsl/codecs/codec.ts';
import { json } from '../../dsl/codecs/json.ts';
import { type Pair, pair } from '../../dsl/codecs/pair.ts';
import type { KeyRange } from '../../dsl/keyRange.ts';
import type { AnyCodec, AnyMessage, Operator, Receive, StepContext, Store } from '../../dsl/node.ts';
import type { Answer, Subscriber, Subscription } from './rowHash.ts';

const subscribers: Codec<Subscriber> = json<Subscriber>();

/**
 * Second step of a foreign-key join, where the right rows are: keeps who asked for which, and tells them now and whenever
 * the row changes, in the order of the left keys.
 */
export function foreignKeyLookup(leftKey: AnyCodec, rightKey: AnyCodec, left: boolean): Operator {
  const keys = pair<unknown, unknown>(rightKey, leftKey);
  const group = (key: unknown): KeyRange => keys.rangeOf((key as Pair<unknown, unknown>)[0]);
  return {
    kind: 'lookup',
    keyed: true,
    rekeys: true,
    // Not by the left key: who wrote the left table may have chosen its partitions otherwise.
    partitioner: (value) => (value as Answer).header[0],
    ...(left && { nullKeys: 'keep' }),
    stores: [{ suffix: '', kind: 'keyValue', key: keys, value: subscribers, group }],
    run: (task, emit) => [onSubscription(task, emit), onRightRow(task, emit, keys.rangeOf)],
  };
}

function onSubscription(task: StepContext, emit: Receive): Receive {
  const store: Store<Pair<unknown, unknown>, Subscriber> = task.store();
  const rowOf = task.view(1);
  return ({ key, value, timestamp: at, headers }) => {
    const { header, body: leftKey }: Subscription = value;
    const [request, partition, hash] = header;
    const subscribes = request === 'subscribe' || request === 'subscribeQuietly';
    if (key !== null && subscribes) store.put([key, leftKey], [partition, hash], at);
    else if (key !== null) store.delete([key, leftKey], at);
    if (request === 'leave') return;
    const row = key === null ? undefined : rowOf(key);
    const timestamp = row === undefined || row.timestamp < at ? at : row.timestamp;
    const body: unknown = row === undefined || !subscribes ? null : row.value;
    // Quiet ones are answered too: an answer before, which said that there is none any more, may be out of date when it arrives.
    const answer: Answer = { header: [partition, hash, request !== 'subscribeQuietly'], body };
    emit({ key: leftKey, value: answer, timestamp, headers });
  };
}

function onRightRow(task: StepContext, emit: Receive, rangeOf: (key: unknown) => KeyRange): Receive {
  const store: Store<Pair<unknown, unknown>, Subscriber> = task.store();
  return (message: AnyMessage) => {
    const { key, value, timestamp, headers } = message;
    if (value.outOfOrder) return task.drop('late', message);
    for (const [[, leftKey], { value: subscriber }] of store.group(rangeOf(key))) {
      const answer: Answer = { header: [...subscriber, true], body: value.after };
      emit({ key: leftKey, value: answer, timestamp, headers });
    }
  };
}
