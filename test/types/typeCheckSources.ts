/** Files as users write them, as text: what the compiler makes of them is tested, not what they do. */
const head = `import {
  aggregate, branch, count, emitOnCommit, filter, groupBy, int64, joinStream, joinTable, json, keyBy, leftJoinTable,
  map, merge, peek, reduce, session, stream, sum, suppress, table, text, to, toStream, toTable, tumbling, window,
} from 'millrace';
interface Order { readonly userId: string; readonly amount: number; readonly items: readonly { readonly sku: string }[] }
interface User { readonly name: string; readonly city: string }
const orders = stream('orders', { key: text, value: json<Order>() });
const users = table('users', { key: text, value: json<User>() });
const shops = table('shops', { key: int64, value: json<User>() });
`;

/** A job of a dozen steps of most kinds. */
export const typicalTopology: string = `${head}
const { large, rest } = orders.pipe(
  keyBy((order) => order.userId),
  filter((order) => order.amount > 0),
  branch({ large: (order) => order.amount > 100 }, 'rest'),
);
export const sinks = [
  large.pipe(joinTable(users, (order, user) => ({ ...order, name: user.name })), to('named')),
  rest.pipe(leftJoinTable(users, (order, user) => ({ city: user?.city ?? '', ...order })), to('all')),
  large.pipe(joinStream(rest, (a, b) => a.amount + b.amount, { within: '5m' }), to('pairs')),
  orders.pipe(window(tumbling('1h')), sum((order) => order.amount), suppress({ until: 'windowCloses' }), to('hourly')),
  orders.pipe(window(session('30m')), aggregate(() => 0, (n, order) => n + order.items.length, (a, b) => a + b), to('visits')),
  users.pipe(groupBy((user) => user.city), count('cities'), emitOnCommit(), to('cities')),
  rest.pipe(merge(large), reduce((_, order) => order, 'latest'), toStream(), to('latest')),
];
`;

/** Each with 20 steps, in the three calls that so many take; what comes out of each step depends on the one before. */
export function bigTopology(pipes: number): string {
  const block = (n: number): string => `
export const sink${n} = orders.pipe(
  keyBy((order) => order.userId),
  filter((order) => order.amount > ${n}),
  map((order) => ({ ...order, step${n}: ${n} })),
  peek((order) => order.step${n}.toFixed()),
  map((order) => ({ ...order, name: order.userId })),
  joinTable(users, (order, user) => ({ ...order, city: user.city })),
  keyBy((order) => order.city),
  reduce((a, b) => (a.amount > b.amount ? a : b), 'largest${n}'),
).pipe(
  toStream(),
  map((order) => (order === null ? 0 : order.amount)),
  window(tumbling('1m')),
  sum((amount) => amount, 'sums${n}'),
  suppress({ until: 'windowCloses' }, 'last${n}'),
  toStream(),
  keyBy((_, { key }) => key.key),
).pipe(
  toTable('table${n}'),
  filter((total) => total > 1),
  map((total) => [total, 'euro'] as const),
  groupBy(([, currency]) => currency),
  count('count${n}'),
  to('out${n}'),
);
`;
  return head + Array.from({ length: pipes }, (_, n) => block(n)).join('');
}

/** Likely mistakes, and the first line of what the compiler says; undefined: right. */
export const mistakes: readonly { readonly code: string; readonly says?: string }[] = [
  { code: head },
  {
    code: 'orders.pipe(joinTable(shops, (order, shop) => shop.city));',
    says: "Argument of type 'Table<number, User>' is not assignable to parameter of type 'Table<string, User>'.",
  },
  {
    code: 'orders.pipe(joinTable(orders, (a, b) => a));',
    says: "Argument of type 'Stream<string, Order>' is not assignable to parameter of type 'Table<string, Order>'.",
  },
  // Its second line names what is missing: 'options', of which the codec is a part.
  {
    code: "orders.pipe(map((order) => new Set([order.userId])), to('out'));",
    says: 'Expected 2 arguments, but got 1.',
  },
  { code: 'orders.pipe(keyBy((order) => order.amount), count());', says: 'Expected 2 arguments, but got 1.' },
  {
    code: "users.pipe(window(tumbling('1m')), count());",
    says: "Argument of type 'Op<AnyStream, Windowed<any, any>>' is not assignable to parameter of type 'Op<Table<string, User>, Windowed<any, any>>'.",
  },
  {
    code: 'orders.pipe(branch({ large: (order) => order.amount > 9 })).small;',
    says: "Property 'small' does not exist on type '{ readonly large: Stream<string, Order>; }'.",
  },
  {
    code: 'orders.pipe(sum((order) => order.userId));',
    says: "Type 'string' is not assignable to type 'number'.",
  },
  {
    code: 'orders.pipe(emitOnCommit());',
    says: "Argument of type 'Op<AnyTable, AnyTable>' is not assignable to parameter of type 'Op<Stream<string, Order>, AnyTable>'.",
  },
  {
    code: "users.pipe(groupBy((user) => user.city), to('out'));",
    says: "Argument of type 'Op<Table<string, User>, GroupedTable<string, User>>' is not assignable to parameter of type 'Op<Table<string, User>, Keyed>'.",
  },
  {
    code: 'orders.pipe(reduce((a, b) => a.amount + b.amount));',
    says: "Type 'number' is not assignable to type 'Order'.",
  },
  {
    code: "orders.pipe(count({ nmae: 'orders' }));",
    says: "Object literal may only specify known properties, and 'nmae' does not exist in type 'StoreOptions<string, number>'.",
  },
  {
    code: "orders.pipe(window(tumbling('5minutes')), count());",
    says: "Argument of type '\"5minutes\"' is not assignable to parameter of type 'Duration'.",
  },
  {
    code: 'orders.pipe(map((order) => order.amuont));',
    says: "Property 'amuont' does not exist on type 'Order'. Did you mean 'amount'?",
  },
];
