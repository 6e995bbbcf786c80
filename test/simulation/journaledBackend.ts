import type { Encoded } from '../../src/dsl/codecs/codec.ts';
import type { Backend, Table, TableSpec, Writer } from '../../src/state/backend.ts';

/** What one transaction has changed, to be done again on another backend. */
export type Transaction = readonly ((backend: Backend, write: Writer) => void)[];

/** A backend whose transactions are told before they are done: `commit` calls `apply`, or throws, and nothing has happened. */
export function journaledBackend(
  inner: Backend,
  commit: (transaction: Transaction, apply: () => void) => void,
): Backend {
  return {
    open: (spec) => inner.open(spec),
    readMeta: () => inner.readMeta(),
    transaction(writes) {
      const changes: Transaction[number][] = [];
      writes(recorder(changes));
      if (changes.length === 0) return;
      commit(changes, () =>
        inner.transaction((write) => {
          for (const change of changes) change(inner, write);
        }),
      );
    },
    copyTo: (path) => inner.copyTo(path),
    close() {},
  };
}

function recorder(changes: Transaction[number][]): Writer {
  const at = (table: Table) => {
    const spec: TableSpec = table.spec;
    return (backend: Backend): Table => backend.open(spec);
  };
  return {
    put(table, key, start, value, timestamp) {
      const [of, name, content] = [at(table), copy(key), copy(value)];
      changes.push((backend, write) => write.put(of(backend), name, start, content, timestamp));
    },
    delete(table, key, start) {
      const [of, name] = [at(table), copy(key)];
      changes.push((backend, write) => write.delete(of(backend), name, start));
    },
    expire(table, before) {
      const of = at(table);
      changes.push((backend, write) => write.expire(of(backend), before));
    },
    clear(table) {
      const of = at(table);
      changes.push((backend, write) => write.clear(of(backend)));
    },
    append(table, key, start, value, timestamp) {
      const [of, name, content] = [at(table), copy(key), value === null ? null : copy(value)];
      changes.push((backend, write) => write.append(of(backend), name, start, content, timestamp));
    },
    settle(table) {
      const of = at(table);
      changes.push((backend, write) => write.settle(of(backend)));
    },
    meta(name, value) {
      changes.push((_backend, write) => write.meta(name, value));
    },
  };
}

const copy = (encoded: Encoded): Encoded => (typeof encoded === 'string' ? encoded : Buffer.from(encoded));
