// The jobs of the side-by-side benchmark as millrace topologies. Plain JavaScript over the built package, as a user's would be.
import {
  aggregate,
  count,
  emitOnCommit,
  filter,
  joinTable,
  json,
  keyBy,
  map,
  peek,
  stream,
  table,
  text,
  to,
  toStream,
  tumbling,
  window,
} from 'millrace';

const codecs = { key: text, value: json() };
const cents = (order) => Math.round(order.amount * 100);

/** @type {Record<string, (orders: any, inputs: string[], out: string) => any>} */
export const jobs = {
  a: (orders, _, out) =>
    orders.pipe(
      filter((order) => order.amount > 50),
      map((order) => ({ user: order.user, cents: cents(order), ts: order.ts })),
      to(out),
    ),
  b: (orders, _, out) =>
    orders.pipe(
      window(tumbling('1m', { grace: '1m' })),
      count('per-minute'),
      emitOnCommit(),
      toStream(),
      keyBy((_count, { key }) => `${key.key}@${key.start}`),
      to(out),
    ),
  c: (orders, _, out) =>
    orders.pipe(
      aggregate(
        () => 0,
        (sum, order) => sum + cents(order),
        'sums',
      ),
      emitOnCommit(),
      to(out),
    ),
  d: (orders, inputs, out) =>
    orders.pipe(
      joinTable(table(inputs[1], { ...codecs, name: 'users' }), (order, user) => ({
        user: order.user,
        name: user.name,
        city: user.city,
        amount: order.amount,
        tier: user.tier,
        ts: order.ts,
      })),
      to(out),
    ),
  // The count of each key after each of its records: what latency.ts measures.
  n: (orders, _, out) => orders.pipe(count('per-user'), toStream(), to(out)),
  f: (orders, _, out) =>
    orders.pipe(
      keyBy((order) => order.item),
      count('per-item'),
      emitOnCommit(),
      to(out),
    ),
};
jobs.g = jobs.c;

export function sinkOf(job, inputs, out, onFirst) {
  const build = jobs[job];
  if (build === undefined)
    throw new Error(`There is no job ${job} yet; there are ${Object.keys(jobs).join(', ')}.`);
  let first = true;
  const orders = stream(inputs[0], codecs).pipe(
    peek(() => {
      if (first) onFirst();
      first = false;
    }),
  );
  return build(orders, inputs, out);
}
