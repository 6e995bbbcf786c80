import {
  type App,
  app,
  type ConnectOptions,
  count,
  json,
  keyBy,
  stream,
  text,
  to,
  tumbling,
  window,
} from 'millrace';

interface Order {
  user: string;
  item: string;
}

const perMinute = stream('orders', { key: text, value: json<Order>() }).pipe(
  keyBy((order) => order.item), // a new key: equal keys are brought together through a topic
  window(tumbling('1m', { grace: '1m' })),
  count('items-per-minute'), // kept in SQLite, a file per partition, with a changelog to rebuild it from
  to('items-per-minute'),
);

export const shop = (where: ConnectOptions): App => app('shop', { sinks: [perMinute], ...where });
