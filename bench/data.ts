import type { Client, NewRecord } from 'millrace';
import { json, text } from 'millrace';

/** Deterministic input topics: orders of 10,000 users with Zipf-like ranks, an hour of event time per million. */
export const partitions = 2;
const users = 10_000;
const items = 1_000;
const base = Date.UTC(2024, 0, 1);
const step = 3.6;
const codecs = { key: text, value: json<object>() };

export interface Order {
  readonly user: string;
  readonly amount: number;
  readonly ts: number;
  readonly item: string;
  readonly note: string;
}

/** xorshift32, to [0, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}

export function* orders(count: number): Generator<Order> {
  const random = randomNumbers(42);
  const range = Math.log(users + 1);
  for (let index = 0; index < count; index++) {
    const user = `u${String(Math.floor(Math.exp(random() * range)) - 1).padStart(5, '0')}`;
    const cents = 1 + Math.floor(random() * 10_000);
    const item = `sku-${String(Math.floor(random() * items)).padStart(4, '0')}`;
    const ts = base + Math.floor(index * step);
    yield { user, amount: cents / 100, ts, item, note: 'standard delivery' };
  }
}

function* orderRecords(count: number): Generator<NewRecord<string, object>> {
  for (const value of orders(count)) yield { key: value.user, value, timestamp: value.ts };
}

function* userRecords(): Generator<NewRecord<string, object>> {
  for (let index = 0; index < users; index++) {
    const user = `u${String(index).padStart(5, '0')}`;
    const value = { user, name: `Name ${index}`, city: `City ${index % 97}`, tier: index % 4 };
    yield { key: user, value, timestamp: base - 1 };
  }
}

/** Every key once: what a restore has to bring back. */
function* distinctRecords(count: number): Generator<NewRecord<string, object>> {
  for (let index = 0; index < count; index++) {
    const user = `k${String((index * 7919) % count).padStart(8, '0')}`;
    const ts = base + Math.floor(index * step);
    yield { key: user, value: { user, amount: 1, ts, item: 'sku-0000', note: '' }, timestamp: ts };
  }
}

const makers: Readonly<Record<string, (count: number) => Iterable<NewRecord<string, object>>>> = {
  orders: orderRecords,
  users: userRecords,
  distinct: distinctRecords,
};

const inputs: Readonly<Record<string, readonly string[]>> = {
  a: ['orders'],
  b: ['orders'],
  c: ['orders'],
  d: ['orders', 'users'],
  f: ['orders'],
  g: ['distinct'],
};

export const jobNames: readonly string[] = Object.keys(inputs);

/** Names of a job's topics; makes and fills those that are not there. */
export async function load(
  client: Client,
  job: string,
  count: number,
  tell: (line: string) => void,
): Promise<readonly string[]> {
  const names = inputs[job]!.map((kind) => ({ kind, topic: `millrace-bench-${kind}-${count}` }));
  for (const { kind, topic } of names) {
    await client.createTopics([{ topic, partitions, config: { 'retention.ms': '-1' } }]);
    const first = await client.read(topic, codecs, { until: 'end' })[Symbol.asyncIterator]().next();
    if (first.done !== true) continue;
    tell(`loading ${topic}`);
    const chunk: NewRecord<string, object>[] = [];
    for (const record of makers[kind]!(count)) {
      if (chunk.push(record) === 20_000) await client.send(topic, codecs, chunk.splice(0));
    }
    await client.send(topic, codecs, chunk);
  }
  return names.map(({ topic }) => topic);
}

/** What the output must come to: the sum of the last value of each key, or a number of records. */
export function expected(job: string, count: number): { readonly records?: number; readonly sum?: number } {
  if (job === 'b' || job === 'f') return { sum: count };
  if (job === 'd') return { records: count };
  let [records, cents] = [0, 0];
  if (job === 'g') return { sum: count * 100 };
  for (const { amount } of orders(count)) {
    if (job === 'a' && amount <= 50) continue;
    records++;
    cents += Math.round(amount * 100);
  }
  return job === 'a' ? { records } : { sum: cents };
}
