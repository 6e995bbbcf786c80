import { summary } from '../dsl/codecs/summary.ts';
import type { AnyFunction, AsyncSpec, Operator } from '../dsl/node.ts';
import { checkOptions } from '../dsl/options.ts';
import type { AnyStream, KeyOf, Made, MessageOf, Op, ValueOf } from '../dsl/types.ts';
import { type Duration, milliseconds } from '../dsl/windows/duration.ts';
import { MillraceError } from '../errors.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';

export interface MapAsyncOptions {
  /** How many calls may be under way at once in one task. Default: 16. */
  readonly concurrency?: number | undefined;
  /** How long one call may take. Default: '30s'. */
  readonly timeout?: Duration | undefined;
  /** How often a call that failed or took too long is tried again. Default: 3. */
  readonly retries?: number | undefined;
  /** The pause before the first retry; doubled each time. Default: '100ms'. */
  readonly backoff?: Duration | undefined;
}

/**
 * Emits each record with the value that the function's promise gives: for calls to databases and services. Several calls
 * are under way at once; results come in the order of the records.
 *
 * Key, timestamp and headers stay. Keeps no state, and may only stand before steps that do (else MISPLACED_STEP; put
 * repartition() between them). Nothing is committed before its call has ended; after a failure a record may be called for
 * again, so calls should bear repetition. A call that fails in spite of its retries is the record's failure (STEP_FAILED,
 * STEP_TIMEOUT). The signal aborts when the time is up or the task ends.
 *
 * @example
 * orders.pipe(
 *   mapAsync(async (order, _message, signal) => (await fetch(`https://rates.example/${order.currency}`, { signal })).json()),
 * );
 */
export function mapAsync<S extends AnyStream, R>(
  call: (value: ValueOf<S>, message: MessageOf<S>, signal: AbortSignal) => Promise<R>,
  options?: MapAsyncOptions,
): Op<S, Made<S, KeyOf<S>, R>>;
export function mapAsync(call: AnyFunction, options: MapAsyncOptions = {}): Op<AnyStream, AnyStream> {
  checkFunction(call, 'function of mapAsync()');
  const operator: Operator = {
    kind: 'mapAsync',
    async: asyncSpec(call, options),
    // The runtime calls the function ahead of the task; what arrives here is on its way on.
    run: (_task, emit) => [emit],
  };
  return (input) => append(input, ['stream'], operator, { value: undefined });
}

function asyncSpec(call: AnyFunction, options: MapAsyncOptions): AsyncSpec {
  checkOptions(options, ['concurrency', 'timeout', 'retries', 'backoff'], 'mapAsync()');
  const { concurrency = 16, timeout = '30s', retries = 3, backoff = '100ms' } = options;
  checkCount(concurrency, 'concurrency', 1);
  checkCount(retries, 'retries', 0);
  const limit = milliseconds(timeout, 'timeout of mapAsync()');
  if (limit === 0) throw refused('timeout', 'more than 0 ms', '0 ms');
  return Object.freeze({
    run: call,
    concurrency,
    timeout: limit,
    retries,
    backoff: milliseconds(backoff, 'backoff of mapAsync()'),
  });
}

function checkCount(candidate: unknown, option: string, least: number): void {
  if (Number.isSafeInteger(candidate) && (candidate as number) >= least) return;
  throw refused(option, `a whole number from ${least} on`, summary(candidate));
}

function refused(option: string, expected: string, found: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `The option ${option} of mapAsync() cannot be used`, {
    expected,
    found,
    next: `Give another ${option}, or leave it out.`,
  });
}
