import { type Client, json, type TopicCodecs, text } from 'millrace';
import type { ChatRoom, DongDay, LateOrder, Reject } from '../domain/results.ts';
import { dongDay, type TopicNames } from '../topics.ts';
import { dongDayKey, type Outcome } from './outcome.ts';

export interface Watched {
  /** Grows while it is watched. */
  readonly outcome: Outcome;
  /** Resolves when everything has been read: never without 'end', but for the signal. */
  readonly done: Promise<void>;
}

/** Reads what is committed in the topics of results: all there is ('end'), or on and on until the signal. */
export function watch(client: Client, names: TopicNames, until: 'end' | AbortSignal): Watched {
  const rooms: ChatRoom[] = [];
  const lateOrders: LateOrder[] = [];
  const rejects: Reject[] = [];
  const dongDaily = new Map<string, DongDay>();
  const dead = { closes: 0, orders: 0 };
  const options = until === 'end' ? { until } : { signal: until };
  const each = async <K, V>(
    topic: string,
    codecs: TopicCodecs<K, V>,
    see: (value: V, key: K) => void,
  ): Promise<void> => {
    for await (const { key, value } of client.read(topic, codecs, options)) see(value as V, key as K);
  };
  const values = <T>(topic: string, list: T[]): Promise<void> =>
    each(topic, { key: text, value: json<T>() }, (value) => list.push(value));
  const raw = { key: text, value: text };
  const outcome = {
    rooms,
    lateOrders,
    rejects,
    dongDaily,
    get deadCloses() {
      return dead.closes;
    },
    get deadOrders() {
      return dead.orders;
    },
  };
  const reading = [
    values(names.rooms, rooms),
    values(names.lateOrders, lateOrders),
    values(names.rejects, rejects),
    each(names.deadCloses, raw, () => dead.closes++),
    each(names.deadOrders, raw, () => dead.orders++),
    each(names.dongDaily, { key: dongDay, value: json<DongDay>() }, (value, { key, start }) =>
      dongDaily.set(dongDayKey(key, start), value),
    ),
  ];
  return { outcome, done: Promise.all(reading).then(() => {}) };
}
