import { MillraceError } from '../errors.ts';
import { checkCodec } from './codecs/checkCodec.ts';
import type { Codec } from './codecs/codec.ts';
import { summary } from './codecs/summary.ts';
import { checkTopicName } from './names.ts';
import type { AnyCodec, AnyFunction, SourceSpec } from './node.ts';
import { checkOptions } from './options.ts';
import type { ErrorPolicy } from './policyFor.ts';
import { type Duration, milliseconds } from './windows/duration.ts';

/** Options that every source has, before they are checked. */
interface SourceOptions {
  readonly key: AnyCodec;
  readonly value: AnyCodec;
  readonly reset?: 'earliest' | 'latest' | { readonly ago: Duration } | undefined;
  readonly onError?: ErrorPolicy | undefined;
  readonly timestamp?: AnyFunction | undefined;
}

/** Checks what a source was told and fills in the defaults. `kind` is the call: 'stream', 'table', 'globalTable'. */
export function sourceSpec(
  kind: string,
  topic: string,
  options: SourceOptions,
  known: readonly string[],
): SourceSpec {
  checkTopicName(topic, `topic of ${kind}()`);
  checkOptions(options ?? null, known, `${kind}('${topic}')`);
  const { key, value, reset = 'earliest', onError = 'fail', timestamp } = options;
  checkCodec(key, `key of ${kind}('${topic}')`);
  checkCodec(value, `value of ${kind}('${topic}')`);
  checkPolicy(onError, kind, topic);
  if (timestamp !== undefined && typeof timestamp !== 'function') {
    throw invalid(
      'timestamp',
      kind,
      topic,
      'a function from the value to milliseconds since 1970',
      timestamp,
    );
  }
  return Object.freeze({ topic, key, value, reset: checkedReset(reset, kind, topic), onError, timestamp });
}

/** What is written behind a source that reads with this codec: stores, repartition topics, sinks. */
export function outputOf<T>(codec: Codec<T>): Codec<T> {
  return codec.output ?? codec;
}

function checkedReset(reset: unknown, kind: string, topic: string): SourceSpec['reset'] {
  if (reset === 'earliest' || reset === 'latest') return reset;
  const what = `reset of ${kind}('${topic}')`;
  if (typeof reset !== 'object' || reset === null || !('ago' in reset))
    throw invalid('reset', kind, topic, "'earliest', 'latest' or { ago: '1d' }", reset);
  checkOptions(reset, ['ago'], what);
  return Object.freeze({ ago: milliseconds(reset.ago as Duration, what) });
}

function checkPolicy(policy: unknown, kind: string, topic: string): void {
  if (policy === 'fail' || policy === 'skip' || typeof policy === 'function') return;
  if (typeof policy !== 'object' || policy === null) {
    throw invalid(
      'onError',
      kind,
      topic,
      "'fail', 'skip', { deadLetters: 'topic' } or a function that gives one of them",
      policy,
    );
  }
  checkOptions(policy, ['deadLetters'], `onError of ${kind}('${topic}')`);
  checkTopicName(
    (policy as { deadLetters?: unknown }).deadLetters,
    `dead-letter topic of ${kind}('${topic}')`,
  );
}

function invalid(
  option: string,
  kind: string,
  topic: string,
  expected: string,
  found: unknown,
): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `The option ${option} of ${kind}('${topic}') cannot be used`, {
    expected,
    found: summary(found),
    next: 'Give one of the values that are expected, or leave the option out.',
  });
}
