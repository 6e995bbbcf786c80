import { handle } from './handle.ts';
import { type TableOptions, tableSource } from './tableSource.ts';
import type { Table } from './types.ts';

/**
 * Reads a topic as a table: the newest value of each key, kept in a store. Emits a change for every record, also for
 * repeated values and for deletions of rows that are not there. A later arrival replaces an earlier one even if its
 * timestamp is older, unless the table is `versioned`. Always begins at the start of the topic. Throws INVALID_NAME and INVALID_ARGUMENT for what cannot be
 * a source.
 *
 * @example
 * const users = table('users', { key: text, value: json<User>() });
 * orders.pipe(joinTable(users, (order, user) => ({ ...order, name: user.name })), to('orders-with-name'));
 */
export function table<K, V>(topic: string, options: TableOptions<K, V>): Table<K, V> {
  return handle(tableSource('table', topic, options));
}
