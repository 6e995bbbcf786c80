import type { AnyMessage, AnyStore } from '../../dsl/node.ts';

/** A store as the function of a process() sees it: values alone, changed only while a record or a timer has its turn. */
export function processStore(
  store: AnyStore,
  inTurn: (what: string) => AnyMessage,
): {
  get(key: unknown): unknown;
  put(key: unknown, value: unknown): void;
  delete(key: unknown): void;
  entries(): Iterable<readonly [key: unknown, value: unknown]>;
} {
  return Object.freeze({
    get: (key: unknown) => store.get(key)?.value,
    put(key: unknown, value: unknown): void {
      store.put(key, value, inTurn('put()').timestamp);
    },
    delete(key: unknown): void {
      store.delete(key, inTurn('delete()').timestamp);
    },
    *entries(): Generator<readonly [key: unknown, value: unknown]> {
      for (const [key, { value }] of store.entries()) yield [key, value];
    },
  });
}
