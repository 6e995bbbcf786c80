import { MillraceError } from '../../src/errors.ts';

/** What the call throws, which must be a MillraceError that says what to do next. */
export function failure(call: () => unknown): MillraceError {
  try {
    call();
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    if (error.details.next === undefined)
      throw new Error(`${error.code} does not say what to do next`, { cause: error });
    return error;
  }
  throw new Error('nothing was thrown');
}
