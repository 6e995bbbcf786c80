/** One header of a record. Kafka allows a name to occur more than once and a value to be missing. */
export type Header = readonly [name: string, value: Buffer | null];
export type Headers = readonly Header[];

/** Shared by the many records that have none. */
export const noHeaders: Headers = Object.freeze([]);

/** A record inside a topology. Steps never change one: they make another. */
export interface Message<K, V> {
  readonly key: K;
  readonly value: V;
  /** Event time in milliseconds since 1970, UTC. */
  readonly timestamp: number;
  readonly headers: Headers;
}

/** What flows between the steps of a table: the row before and after; null where there is no row. */
export interface Change<V> {
  readonly before: V | null;
  readonly after: V | null;
  /** Tables with versions: the row stays as it was before, and `after` is what it was once, known only now. */
  readonly outOfOrder?: true;
}

/** The key of a windowed result. Times in milliseconds; `end` is exclusive. */
export interface WindowKey<K> {
  readonly key: K;
  readonly start: number;
  readonly end: number;
}

/** The place of a record in its topic. Of what was repartitioned it is the place in that topic. */
export interface RecordOrigin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}
