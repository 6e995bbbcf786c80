import type { Headers } from '../dsl/message.ts';

/**
 * The text of a header, the last of that name if there are several; null where there is none or it has no value.
 *
 * @example
 * orders.pipe(filter((_order, message) => headerText(message, 'source') !== 'test'), to('real-orders'));
 */
export function headerText(message: { readonly headers: Headers }, name: string): string | null {
  const found = message.headers.findLast(([candidate]) => candidate === name);
  return found?.[1]?.toString('utf8') ?? null;
}
