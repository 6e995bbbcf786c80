import type { AnyFunction, StepContext } from '../../dsl/node.ts';
import type { AnyWindowed, Grouped, KeyOf, ValueOf, Windowed } from '../../dsl/types.ts';
import { defined } from './defined.ts';

/** How rows come about. Each function answers with the new row, or with null to delete it. */
export interface Fold {
  /** (value, message): the row of a key that has none. */
  readonly first: AnyFunction;
  /** (accumulator, value, message) */
  readonly add: AnyFunction;
  /** (accumulator, value, message): takes out what was added before. For grouped tables. */
  readonly subtract?: AnyFunction;
  /** (accumulator, accumulator, message): makes one row of two. For sessions. */
  readonly merge?: AnyFunction;
  /** What rows begin with, where merging does too. */
  readonly initial?: () => unknown;
  /** What changes say that rows were before; see StoreOptions. */
  readonly before?: 'row' | 'kafka-streams';
}

/** A function as one task calls it: what it throws names step and record, and no row is undefined. */
export function guardedFold(task: StepContext, fold: AnyFunction): AnyFunction {
  return task.guard((a: unknown, b: unknown, c: unknown) => defined(fold(a, b, c)));
}

/** What a change says that a row was which is new. */
export function newRow(task: StepContext, { initial, before }: Fold): () => unknown {
  if (before !== 'kafka-streams' || initial === undefined) return () => null;
  return task.guard(() => initial() ?? null);
}

/** What the functions of an aggregation are given: null values get no further, except into windows. */
export type Input<S extends Grouped> = S extends AnyWindowed ? ValueOf<S> : NonNullable<ValueOf<S>>;

/** Keys as the store of an aggregation writes them: of windows, the key inside. */
export type StoredKey<S extends Grouped> = S extends Windowed<infer K, unknown> ? K : NonNullable<KeyOf<S>>;
