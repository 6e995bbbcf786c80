import type { BenchRecord } from './records.ts';

export type Workload = 'produce' | 'consume' | 'consume-committed';

export interface EngineOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** One of the engine's own ways to do it. */
  readonly variant: string;
}

export interface ConsumeOptions extends EngineOptions {
  readonly partitions: number;
  readonly committed: boolean;
  /** To be called with each record's key and value, in the form in which the engine hands them out. */
  readonly seen: (key: string | Buffer | null, value: string | Buffer | null) => void;
}

/** What a client has to offer to be measured: engines/ has one file for each. */
export interface Engine {
  /** Its version, for the table. */
  readonly version: string;
  readonly variants: Readonly<Record<Workload, readonly string[]>>;
  produce(options: EngineOptions): Promise<Sender>;
  /** Begins to read the topic from its first record. */
  consume(options: ConsumeOptions): Promise<{ close(): Promise<void> }>;
}

/** acks=all, and idempotent. */
export interface Sender {
  /** A record in the form in which it is handed to the client, so that nothing of this is measured. */
  prepare(record: BenchRecord): unknown;
  /** Resolves when more may be sent. */
  send(prepared: readonly unknown[]): Promise<void>;
  /** Resolves when all is acknowledged. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
