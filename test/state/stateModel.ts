/** What a store should hold, in plain words: a Map per store from key and start to value and timestamp. */
export interface ModelRow {
  readonly key: unknown;
  readonly start: number;
  readonly value: unknown;
  readonly timestamp: number;
}

export interface ModelStore {
  readonly retention: number;
  largestStart: number;
  readonly rows: Map<string, ModelRow>;
}

export type Model = Map<string, ModelStore>;

export function copyModel(model: Model): Model {
  return new Map([...model].map(([name, store]) => [name, { ...store, rows: new Map(store.rows) }]));
}

export function putModel(store: ModelStore, id: string, row: ModelRow): void {
  store.largestStart = Math.max(store.largestStart, row.start);
  if (row.start > store.largestStart - store.retention) store.rows.set(`${row.start} ${id}`, row);
}

export function deleteModel(store: ModelStore, id: string, start: number): void {
  store.rows.delete(`${start} ${id}`);
}

/** What can be found, by start and then by id. */
export function visibleRows(store: ModelStore): [id: string, row: ModelRow][] {
  return [...store.rows]
    .filter(([, row]) => row.start > store.largestStart - store.retention)
    .map(([id, row]): [string, ModelRow] => [id.slice(id.indexOf(' ') + 1), row])
    .sort(([a, left], [b, right]) => left.start - right.start || (a < b ? -1 : 1));
}
