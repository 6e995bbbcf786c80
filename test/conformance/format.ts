import type { WindowKey } from 'millrace';

/** Keys and values of cases: strings, 64-bit integers (exact to 2^53 here) or null. */
export type Literal = string | number | null;
export type CaseKey = string | number;
export type AnyKey = CaseKey | WindowKey<AnyKey>;

/** A function of the format: its name and parameters. */
export interface Fn {
  readonly fn: string;
  readonly of?: 'key' | 'value';
  readonly value?: Literal;
  readonly nullWhen?: Literal;
  readonly suffix?: string;
  readonly prefix?: string;
  readonly by?: string;
  readonly index?: number;
  readonly n?: number;
  readonly sep?: string;
  readonly text?: string;
  readonly fns?: readonly Fn[];
  readonly predicate?: Fn;
}

export interface Processor extends Fn {
  readonly ms: number;
  readonly mapper: Fn;
  readonly store: string;
  readonly everyMs: number;
  readonly clock: 'stream' | 'wall';
}

export interface CaseWindow {
  readonly type: string;
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly differenceMs?: number;
  readonly gapMs?: number;
  readonly graceMs: number;
}

export interface CaseNode {
  readonly id: string;
  readonly op: string;
  readonly in?: readonly string[];
  readonly topic: string;
  readonly store?: string;
  readonly type?: string;
  readonly emit?: string;
  readonly retentionMs?: number;
  readonly versionedHistoryMs?: number;
  readonly graceMs?: number;
  readonly until?: string;
  readonly timeLimitMs?: number;
  readonly maxRecords?: number | null;
  readonly whenFull?: string | null;
  readonly key?: Fn;
  readonly value: Fn;
  readonly values: Fn;
  readonly predicate: Fn;
  readonly joiner: Fn;
  readonly reducer: Fn;
  readonly adder: Fn;
  readonly adders: readonly Fn[];
  readonly foreignKey?: Fn;
  readonly beforeMs?: number;
  readonly afterMs?: number;
  readonly merger?: Fn;
  readonly subtractor?: Fn;
  readonly init?: Literal;
  readonly window: CaseWindow;
  readonly branches: readonly { readonly name: string; readonly predicate: Fn }[];
  readonly default?: string;
  readonly processor: Processor;
}

export interface CaseRecord {
  readonly topic: string;
  readonly key: Literal;
  readonly value: Literal;
  readonly timestamp: number;
  readonly headers?: readonly (readonly [string, string])[];
}

export type CaseInput = CaseRecord | { readonly advanceWallClock: number };

/** A record as the format writes it. */
export interface Output {
  readonly step: number;
  readonly key: Literal;
  readonly window?: { readonly start: number; readonly end: number };
  readonly value: Literal;
  readonly timestamp: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly optional?: true;
}

export type Outputs = Readonly<Record<string, readonly Output[]>>;

export interface StoreEntry {
  readonly key: Literal;
  readonly window?: { readonly start: number; readonly end: number };
  readonly value?: Literal;
  readonly timestamp?: number;
  /** Of versioned stores, instead of a value and its timestamp. */
  readonly versions?: readonly { readonly from: number; readonly value: Literal }[];
}

export interface StoreContents {
  readonly kind: string;
  readonly entries: readonly StoreEntry[];
  readonly expired?: readonly StoreEntry[];
}

export interface CaseError {
  readonly phase: 'build' | 'run';
  readonly step?: number;
}

export interface Expected {
  readonly outputs?: Outputs;
  readonly stores?: Readonly<Record<string, StoreContents>>;
  readonly retentionSensitive?: boolean;
  /** With record caches on: the last record per key of each output topic. */
  readonly cachedFinal?: Readonly<Record<string, readonly Omit<Output, 'step'>[]>>;
  readonly error?: CaseError;
}

export interface Case {
  readonly name: string;
  readonly area: string;
  readonly topology: readonly CaseNode[];
  readonly inputs: readonly CaseInput[];
  readonly expected: Expected;
  readonly compare?: 'exact' | 'unordered';
  readonly quirk?: string;
}
