import { handle } from './handle.ts';
import { type TableOptions, tableSource } from './tableSource.ts';
import type { GlobalTable } from './types.ts';

/**
 * Reads a topic as a table of which every worker holds all partitions: for lookups by any key, without repartitioning.
 * Emits nothing; only joins read it. Workers catch up with the topic before they take in records. Always begins at the
 * start of the topic. Throws INVALID_NAME and INVALID_ARGUMENT for what cannot be a source.
 *
 * @example
 * const products = globalTable('products', { key: text, value: json<Product>() });
 * orders.pipe(joinGlobal(products, (order) => order.productId, (order, product) => ({ ...order, price: product.price })));
 */
export function globalTable<K, V>(
  topic: string,
  options: Omit<TableOptions<K, V>, 'versioned'>,
): GlobalTable<K, V> {
  return handle(tableSource('globalTable', topic, options));
}
