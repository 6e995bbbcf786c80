import { MillraceError } from '../errors.ts';
import { summary } from './codecs/summary.ts';

/** fail: stop before the record. skip: count and go on. A topic: write the original bytes there, in the same transaction. */
export type FixedErrorPolicy = 'fail' | 'skip' | { readonly deadLetters: string };

/** The same for all records, or as the error asks for, which says in its details where the record was read. */
export type ErrorPolicy = FixedErrorPolicy | ((error: MillraceError) => FixedErrorPolicy);

/** What a source's policy says of an error. A function that fails, or says nothing that can be done, leaves the error as it is. */
export function policyFor(policy: ErrorPolicy, error: MillraceError): FixedErrorPolicy {
  if (typeof policy !== 'function') return policy;
  const answer: unknown = asked(policy, error);
  if (answer === 'fail' || answer === 'skip') return answer;
  const topic = (answer as { readonly deadLetters?: unknown } | null | undefined)?.deadLetters;
  if (typeof topic === 'string' && topic !== '') return { deadLetters: topic };
  throw undecided(error, summary(answer));
}

function asked(policy: (error: MillraceError) => unknown, error: MillraceError): unknown {
  try {
    return policy(error);
  } catch (cause) {
    throw undecided(error, `an error, ${summary(cause)}`);
  }
}

function undecided(cause: MillraceError, found: string): MillraceError {
  const { topic, partition, offset, step } = cause.details;
  return new MillraceError(
    'INVALID_ARGUMENT',
    'The function given to onError did not say what becomes of a record',
    {
      step,
      topic,
      partition,
      offset,
      cause,
      expected: "'fail', 'skip' or { deadLetters: 'topic' }",
      found,
      next: 'Mend the function; the error that it was asked about is the cause of this one.',
    },
  );
}
