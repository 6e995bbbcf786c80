import type { Backend, Table } from '../../src/state/backend.ts';

/** The same backend, counting the single rows read from its tables. */
export function countReads(backend: Backend): { readonly backend: Backend; reads(): number } {
  let reads = 0;
  const inner = new Map<Table, Table>();
  const own = (table: Table): Table => inner.get(table)!;
  const counted: Backend = {
    open(spec) {
      const table = backend.open(spec);
      const outer: Table = {
        spec: table.spec,
        get(key, start) {
          reads++;
          return table.get(key, start);
        },
        range: (key, from, to) => table.range(key, from, to),
        between: (from, to) => table.between(from, to),
        within: (range) => table.within(range),
        rows: () => table.rows(),
        isEmpty: () => table.isEmpty(),
      };
      inner.set(outer, table);
      return outer;
    },
    readMeta: () => backend.readMeta(),
    transaction(writes) {
      backend.transaction((write) =>
        writes({
          put: (table, ...row) => write.put(own(table), ...row),
          delete: (table, ...row) => write.delete(own(table), ...row),
          expire: (table, before) => write.expire(own(table), before),
          clear: (table) => write.clear(own(table)),
          append: (table, ...row) => write.append(own(table), ...row),
          settle: (table) => write.settle(own(table)),
          meta: (name, value) => write.meta(name, value),
        }),
      );
    },
    copyTo: (path) => backend.copyTo(path),
    close: () => backend.close(),
  };
  return { backend: counted, reads: () => reads };
}
