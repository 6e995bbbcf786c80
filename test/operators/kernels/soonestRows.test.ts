import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Cell, Store } from '../../../src/dsl/node.ts';
import { soonestRows } from '../../../src/operators/kernels/soonestRows.ts';

/** A store as a plain Map, counting its scans. */
function mapStore(): Omit<Store<string, string>, 'group'> & {
  readonly rows: Map<string, string>;
  scans: number;
} {
  const rows = new Map<string, string>();
  return {
    rows,
    scans: 0,
    get(key): Cell<string> | undefined {
      const value = rows.get(key);
      return value === undefined ? undefined : { value, timestamp: 0 };
    },
    put: (key, value) => void rows.set(key, value),
    delete: (key) => void rows.delete(key),
    entries() {
      this.scans++;
      return [...rows.keys()].sort().map((key) => [key, { value: rows.get(key)!, timestamp: 0 }] as const);
    },
  };
}

describe('soonestRows', () => {
  it('knows the rows that were there before', () => {
    const store = mapStore();
    store.put('b', '', 0);
    store.put('a', '', 0);
    const rows = soonestRows(store);
    expect(rows.first()).toBe('a');
    store.delete('a', 0);
    rows.shift();
    expect(rows.first()).toBe('b');
  });

  it('scans the store once while all keys fit into memory', () => {
    const store = mapStore();
    const rows = soonestRows(store, 10_000);
    for (let n = 10_000; n < 20_000; n++) {
      rows.first();
      store.put(String(n), '', 0);
      rows.add(String(n));
      if (n % 3 === 0) continue;
      store.delete(rows.first()!, 0);
      rows.shift();
    }
    expect(store.scans).toBe(1);
  });

  test.prop([
    fc.array(fc.oneof(fc.integer({ min: 100, max: 199 }), fc.constant('shift' as const)), { maxLength: 200 }),
    fc.integer({ min: 1, max: 8 }),
    fc.array(fc.integer({ min: 100, max: 199 }), { maxLength: 20 }),
  ])('always gives the least key of the store, whatever fits into memory', (actions, limit, before) => {
    const store = mapStore();
    for (const n of before) store.put(String(n), '', 0);
    const rows = soonestRows(store, limit);
    for (const action of actions) {
      if (action === 'shift') {
        const first = rows.first();
        expect(first).toBe([...store.rows.keys()].sort()[0]);
        if (first === undefined) continue;
        store.delete(first, 0);
        rows.shift();
      } else {
        const key = String(action);
        if (store.rows.has(key)) {
          expect(rows.mayHold(key)).toBe(true);
          continue;
        }
        store.put(key, '', 0);
        rows.add(key);
      }
    }
  });
});
