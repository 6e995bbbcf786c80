import type { Store } from '../../dsl/node.ts';

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

export function soonestRows(store: Store<string, unknown>, limit: number = most): SoonestRows {
  let keys: string[] = [];
  let head = 0;
  /** The store may hold rows behind the last of the keys. */
  let more = true;

  const fill = (): void => {
    keys = [];
    head = 0;
    more = false;
    for (const [key] of store.entries()) {
      if (keys.length === limit) {
        more = true;
        break;
      }
      keys.push(key);
    }
  };
  const isBehind = (key: string): boolean => head === keys.length || key > keys[keys.length - 1]!;
  return {
    first() {
      if (head === keys.length && more) fill();
      return keys[head];
    },
    shift() {
      head++;
      if (head < 1024 || head * 2 < keys.length) return;
      keys = keys.slice(head);
      head = 0;
    },
    add(key) {
      if (isBehind(key)) {
        // Behind keys that are not all there are, it would hide those between.
        if (more) return;
        keys.push(key);
      } else {
        let at = keys.length - 1;
        while (at > head && keys[at - 1]! > key) at--;
        keys.splice(at, 0, key);
      }
      if (keys.length - head <= limit) return;
      keys.pop();
      more = true;
    },
    mayHold: (key) => more || !isBehind(key),
  };
}
