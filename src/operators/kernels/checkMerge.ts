import type { AnyFunction, Node } from '../../dsl/node.ts';
import { MillraceError } from '../../errors.ts';

export interface MergeCheck {
  readonly merge: AnyFunction | undefined;
  /** There is a function that can only be a merger. */
  readonly given: boolean;
  /** How the call is written with a merger. */
  readonly call: string;
}

/** Two sessions can become one; windows of other kinds never do, nor is anything taken out of them again. */
export function checkMerge(kind: string, { window }: Node, { merge, given, call }: MergeCheck): void {
  const sessions = window?.kind === 'session';
  if (sessions && merge === undefined) {
    throw new MillraceError('INVALID_ARGUMENT', `${kind}() cannot make one row of those of two sessions`, {
      expected: 'a function that merges two rows',
      found: 'none',
      next: `Write ${call}; count(), sum(), min(), max() and reduce() know how to merge.`,
    });
  }
  if (sessions || !given) return;
  const behind = window === undefined ? 'where there are no windows' : `behind ${window.kind}()`;
  throw new MillraceError('INVALID_ARGUMENT', `${kind}() was given one function too many`, {
    expected: `${call} without the last function ${behind}`,
    found: 'a function that merges or subtracts',
    next: 'Leave it out: only sessions are merged, and only rows of grouped tables are taken out again.',
  });
}
