import type { Input } from './task/input.ts';

/**
 * Chooses which of a task's inputs goes next: the one whose head has the smallest timestamp, so that a join sees both
 * sides in the order in which things happened. Inputs earlier in the list win ties.
 */
export interface Queue {
  /** The input whose head is next, or undefined when there is none or one has to be waited for. */
  next(): Input | undefined;
}

/**
 * `awaited` says of an input without a head whether its partition is known to hold more: then the others wait for it, as
 * its records may be older. An input that has been read to its end holds nobody up.
 */
export function mergeQueue(inputs: readonly Input[], awaited: (input: Input) => boolean): Queue {
  const [only] = inputs;
  if (inputs.length === 1 && only !== undefined) return { next: () => (only.load() ? only : undefined) };
  return {
    next() {
      let first: Input | undefined;
      for (const input of inputs) {
        if (!input.load()) {
          if (awaited(input)) return undefined;
        } else if (first === undefined || input.timestamp < first.timestamp) {
          first = input;
        }
      }
      return first;
    },
  };
}
