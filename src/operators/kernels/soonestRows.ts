import type { Store } from '../../dsl/node.ts';
import { sortedKeys } from './sortedKeys.ts';

/** Keys held in memory at most: beyond them only the store knows what it holds. */
const most = 65_536;

/** Rows of a store in the order of their keys, without a scan for each: the first of them are known in memory. */
export interface SoonestRows {
  /** The least key there is. */
  first(): string | undefined;
  /** Forgets the first key, whose row was deleted. */
  shift(): void;
  /** Takes note of a row that was put. */
  add(key: string): void;
  /** false: there is surely no row of this key. */
  mayHold(key: string): boolean;
}

export function soonestRows(
  store: Pick<Store<string, unknown>, 'entries'>,
  limit: number = most,
): SoonestRows {
  const keys = sortedKeys();
  /** The store may hold rows behind the last of the keys. */
  let more = true;

  const fill = (): void => {
    more = false;
    for (const [key] of store.entries()) {
      if (keys.size === limit) {
        more = true;
        break;
      }
      keys.add(key);
    }
  };
  const isBehind = (key: string): boolean => {
    const last = keys.last();
    return last === undefined || key > last;
  };
  return {
    first() {
      if (keys.size === 0 && more) fill();
      return keys.first();
    },
    shift: () => keys.shift(),
    add(key) {
      // Behind keys that are not all there are, it would hide those between.
      if (more && isBehind(key)) return;
      keys.add(key);
      if (keys.size <= limit) return;
      keys.pop();
      more = true;
    },
    mayHold: (key) => more || !isBehind(key),
  };
}
