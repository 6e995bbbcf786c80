import type { Guarantee } from '../../src/runtime/settingOptions.ts';
import type { Broker } from '../../src/runtime/transport/embedded/broker.ts';
import { inputs, isClick, type Numbered, type Order, orderOf, stores } from './workload.ts';

/** What a run has come to: read from the broker's log itself, not through what is tested. */
export interface Outcome {
  readonly guarantee: Guarantee;
  /** Orders and clicks that were sent, in order. */
  readonly sent: number;
  readonly broker: Broker;
  /** By store, its rows in all tasks that run. */
  readonly state: ReadonlyMap<string, ReadonlyMap<string, Numbered>>;
  /** The same of an application that had nothing but the changelogs. */
  readonly rebuilt: ReadonlyMap<string, ReadonlyMap<string, Numbered>>;
}

/** A sentence for each promise that is broken. */
export function violations(outcome: Outcome): string[] {
  const exactly = outcome.guarantee === 'exactly-once';
  const found = [...open(outcome.broker), ...rebuiltDiffers(outcome)];
  for (const [topic, sent] of sentTo(outcome.sent)) {
    const written = committed(outcome.broker, topic) as Numbered[];
    found.push(...(exactly ? once(topic, sent, written) : atLeastOnce(topic, sent, written)));
    if (stores.includes(topic)) found.push(...(exactly ? folded : counted)(outcome, topic, sent, written));
  }
  return found;
}

/** By output topic, the orders that have an effect there. */
function sentTo(count: number): Map<string, Order[]> {
  const all = Array.from({ length: count }, (_, id) => orderOf(id));
  const orders = all.filter(({ id }) => !isClick(id));
  return new Map([
    ['numbers', orders],
    ['items', orders],
    ['echoes', all.filter(({ id }) => isClick(id))],
  ]);
}

const keyOf = (topic: string, { user, item }: Order): string => (topic === 'items' ? item : user);

function groups<T extends Order>(orders: readonly T[], by: (order: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const order of orders) found.set(by(order), [...(found.get(by(order)) ?? []), order]);
  return found;
}

const ids = (orders: readonly Order[]): string => orders.map(({ id }) => id).join(' ');

/** The ledger and the order of keys. Orders of several users meet under one item in any order. */
function once(topic: string, sent: readonly Order[], written: readonly Numbered[]): string[] {
  const found: string[] = [];
  const line = (order: Order): string => `${order.user} ${keyOf(topic, order)}`;
  const lines = groups(written, line);
  for (const [name, orders] of groups(sent, line)) {
    const [wanted, got] = [ids(orders), ids(lines.get(name) ?? [])];
    if (wanted !== got) found.push(`${topic} of ${name}: sent ${wanted}, written ${got}`);
  }
  if (topic === 'echoes') return found;
  for (const [key, effects] of groups(written, (order) => keyOf(topic, order))) {
    const numbers = effects.map(({ number }) => number);
    if (numbers.some((number, index) => number !== index + 1))
      found.push(`${topic} of ${key}: numbered ${numbers.join(' ')}`);
  }
  return found;
}

/** Every order is there, and for the first time behind those that were sent before it. */
function atLeastOnce(topic: string, sent: readonly Order[], written: readonly Numbered[]): string[] {
  const found: string[] = [];
  const line = (order: Order): string => `${order.user} ${keyOf(topic, order)}`;
  const lines = groups(written, line);
  for (const [name, orders] of groups(sent, line)) {
    const firsts = new Set((lines.get(name) ?? []).map(({ id }) => id));
    const [wanted, got] = [ids(orders), [...firsts].join(' ')];
    if (wanted !== got) found.push(`${topic} of ${name}: sent ${wanted}, first written ${got}`);
  }
  return found;
}

/** The state is the last output of each key, and the fold of the committed changelog. */
function folded(
  { broker, state }: Outcome,
  store: string,
  _: readonly Order[],
  written: readonly Numbered[],
): string[] {
  const last = new Map(written.map((order) => [keyOf(store, order), order]));
  const fold = new Map<string, Numbered>();
  for (const { key, value } of records(broker, `ledger-${store}-changelog`)) {
    if (typeof key !== 'string') continue; // what a commit says of itself
    if (value === null) fold.delete(key);
    else fold.set(key, JSON.parse(value.toString()) as Numbered);
  }
  const kept = text(state.get(store)!);
  const found: string[] = [];
  if (kept !== text(last)) found.push(`${store}: state ${kept}, last outputs ${text(last)}`);
  if (kept !== text(fold)) found.push(`${store}: state ${kept}, changelog ${text(fold)}`);
  return found;
}

/** No order is missing in the state. */
function counted({ state }: Outcome, store: string, sent: readonly Order[]): string[] {
  const found: string[] = [];
  for (const [key, orders] of groups(sent, (order) => keyOf(store, order))) {
    const number = state.get(store)!.get(key)?.number ?? 0;
    if (number < orders.length) found.push(`${store} of ${key}: state ${number}, sent ${orders.length}`);
  }
  return found;
}

function rebuiltDiffers({ state, rebuilt }: Outcome): string[] {
  return stores.flatMap((store) => {
    const [kept, anew] = [text(state.get(store)!), text(rebuilt.get(store)!)];
    return kept === anew ? [] : [`${store}: state ${kept}, rebuilt from the changelog ${anew}`];
  });
}

const text = (rows: ReadonlyMap<string, Numbered>): string =>
  [...rows]
    .map(([key, { number, id }]) => `${key}=${number}(${id})`)
    .sort()
    .join(' ');

function open(broker: Broker): string[] {
  const found: string[] = [];
  for (const { name, partitions } of broker.topics.all())
    for (const { partition, stable, end } of partitions)
      if (stable !== end) found.push(`${name}/${partition}: a transaction is open at ${stable} of ${end}`);
  return found;
}

/** Partitions with more than the group has committed. */
export function behind(
  broker: Broker,
  offset: (of: { topic: string; partition: number }) => number,
): string[] {
  const found: string[] = [];
  for (const topic of inputs)
    for (const { partition, end } of broker.topics.get(topic)?.partitions ?? []) {
      const reached = offset({ topic, partition });
      if (reached !== end) found.push(`${topic}/${partition}: ${reached} of ${end}`);
    }
  return found;
}

/** Committed records of a topic, partition by partition. */
function records(broker: Broker, topic: string) {
  return broker.topics.topic(topic).partitions.flatMap((partition) => {
    const { batches } = partition.read(partition.start, 'committed', Infinity, Infinity);
    return batches.flatMap((batch) => {
      const { keys, values } = broker.recordsOf(partition, batch);
      return keys.map((key, index) => ({ key, value: values[index]! }));
    });
  });
}

const committed = (broker: Broker, topic: string): unknown[] =>
  records(broker, topic).map(({ value }) => JSON.parse(value!.toString()));
