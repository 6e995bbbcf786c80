import type { Encoded } from '../../dsl/codecs/codec.ts';
import { type Headers, type Message, noHeaders } from '../../dsl/message.ts';
import { topology } from '../../dsl/topology.ts';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { StoreRow } from '../storeRows.ts';
import type { Drop } from '../task/rejects.ts';
import { SinglePartition } from './singlePartition.ts';
import type { PipelineSnapshot } from './snapshot.ts';

/** A record for the driver: what is left out is null, time 0, no headers. */
export interface DriverRecord {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly timestamp?: number;
  readonly headers?: Headers;
}

/** A record as it stands in a topic; what is left out is null, time 0, no headers. */
export interface RawDriverRecord {
  readonly key?: Encoded | null;
  readonly value?: Encoded | null;
  readonly timestamp?: number;
  readonly headers?: Headers;
}

/** Runs a topology in this process, synchronously, on one partition: for tests. */
export interface Driver {
  /** Feeds one record and everything that follows from it, through all repartition topics. Encoded with the source's codecs. */
  send(topic: string, record: DriverRecord): void;
  /** Feeds bytes, or text as UTF-8, as they are: what a source cannot read, and what becomes of it. */
  sendRaw(topic: string, record: RawDriverRecord): void;
  /** Takes what was written to a topic since the last call, decoded with the codecs of the sink. */
  read(topic: string): Message<unknown, unknown>[];
  /** Topics with records that have not been read. */
  topics(): string[];
  /** All rows of a store, uncommitted ones included. Rows of window stores have a WindowKey. */
  store(name: string): readonly StoreRow[];
  /** Records that steps gave up, with the reason. */
  readonly drops: readonly Drop[];
  /** All outputs, stores and drops since the start, as lines. */
  snapshot(): PipelineSnapshot;
  /** Moves the wall clock, which starts at 0 and stands still otherwise, in one go; what steps have scheduled is done. */
  advance(ms: number): void;
  /** As the runtime does at each commit: steps emit what they held back, state is written. */
  commit(): void;
  /** Stops as if killed and starts anew from the state of the last commit. */
  restart(): void;
  close(): void;
}

/**
 * ```ts
 * const driver = drive([orders.pipe(filter((order) => order.total > 0), to('good'))]);
 * driver.send('orders', { key: 'a', value: { total: 1 } });
 * driver.read('good'); // [{ key: 'a', value: { total: 1 }, timestamp: 0, headers: [] }]
 * ```
 */
export function drive(
  sinks: Parameters<typeof topology>[0],
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Driver {
  const run = new SinglePartition(topology(sinks), clock);
  return {
    drops: run.drops,
    send: (topic, { key = null, value = null, timestamp = 0, headers = noHeaders }) =>
      run.send(topic, { key, value, timestamp, headers }),
    sendRaw: (topic, { key = null, value = null, timestamp = 0, headers = noHeaders }) =>
      run.sendRaw(topic, { key, value, timestamp, headers }),
    read: (topic) => run.read(topic),
    topics: () => run.topics(),
    store: (name) => run.rows(name),
    snapshot: () => run.snapshot(),
    advance: (ms) => run.advance(ms),
    commit: () => run.commit(),
    restart: () => run.restart(),
    close: () => run.close(),
  };
}
