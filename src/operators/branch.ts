import { summary } from '../dsl/codecs/summary.ts';
import type { AnyFunction, AnyMessage, Node, Operator } from '../dsl/node.ts';
import type { AnyStream, Keep, KeyOf, MessageOf, Op, Stream, ValueOf } from '../dsl/types.ts';
import { MillraceError } from '../errors.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';

type Predicates<S extends AnyStream> = Record<string, (value: ValueOf<S>, message: MessageOf<S>) => boolean>;
// biome-ignore lint/suspicious/noExplicitAny: a type predicate is told by its result alone
type Guard<W> = (value: any, ...rest: any[]) => value is W;
/** A branch with a type predicate is a stream of that type. */
type Narrowed<S extends AnyStream, P> = P extends Guard<infer W> ? Keep<S, Stream<KeyOf<S>, W>> : S;

/**
 * Tells records apart: each goes to the first branch, in the order they are written, whose predicate answers true. Gives
 * an object of streams, one per name; the last name, if there is one, takes what no predicate wants. Without it such records
 * are dropped ('no-branch').
 *
 * Key, value, timestamp and headers stay. Keeps no state. A type predicate narrows the values of its branch.
 *
 * @example
 * const { large, small } = orders.pipe(branch({ large: (order) => order.amount > 100 }, 'small'));
 * large.pipe(to('large-orders'));
 */
export function branch<S extends AnyStream, P extends Predicates<S>, D extends string = never>(
  predicates: P,
  otherwise?: D,
): Op<S, { readonly [N in keyof P | D]: N extends keyof P ? Narrowed<S, P[N]> : S }>;
export function branch(
  predicates: Record<string, AnyFunction>,
  otherwise?: string,
): Op<AnyStream, Record<string, AnyStream>> {
  const names = branchNames(predicates, otherwise);
  const choosing = choice(Object.values(predicates), otherwise !== undefined);
  return (input) => {
    const chosen: { readonly node: Node } = append(input, ['stream'], choosing);
    const streams = names.map((name, index): [string, AnyStream] => [
      name,
      append(chosen, ['stream'], only(name, index)),
    ]);
    return Object.freeze(Object.fromEntries(streams));
  };
}

/** What passes from the choice to the branches. */
interface Chosen {
  readonly branch: number;
  readonly message: AnyMessage;
}

/** Asks the predicates once per record; the answer is the number of the branch. */
function choice(predicates: readonly AnyFunction[], hasDefault: boolean): Operator {
  return {
    kind: 'branch',
    run(task, emit) {
      const guarded = predicates.map((predicate) => task.guard(predicate));
      return [
        (message) => {
          const { key, value, timestamp, headers } = message;
          let branch = 0;
          while (branch < guarded.length && !guarded[branch]!(value, message)) branch++;
          if (branch === guarded.length && !hasDefault) return task.drop('no-branch', message);
          emit({ key, value: { branch, message } satisfies Chosen, timestamp, headers });
        },
      ];
    },
  };
}

function only(kind: string, index: number): Operator {
  return {
    kind,
    run: (_task, emit) => [
      ({ value }) => {
        const { branch, message } = value as Chosen;
        if (branch === index) emit(message);
      },
    ],
  };
}

/** Names of branches become parts of the names of stores and topics behind them. */
function branchNames(predicates: unknown, otherwise: unknown): readonly string[] {
  const given = typeof predicates === 'object' && predicates !== null ? Object.entries(predicates) : [];
  if (given.length === 0) {
    throw refused('branch() was given no branches', 'an object of predicates by name', summary(predicates));
  }
  for (const [name, predicate] of given) checkFunction(predicate, `branch ${name} of branch()`);
  const names = given.map(([name]) => name);
  if (otherwise !== undefined) {
    if (names.includes(otherwise as string)) {
      throw refused('The default of branch() has a predicate too', 'a name of its own', summary(otherwise));
    }
    names.push(otherwise as string);
  }
  for (const name of names) {
    if (typeof name === 'string' && /^[a-zA-Z0-9_-]+$/.test(name)) continue;
    throw refused('A branch has a name that cannot be used', "letters, digits, '_' and '-'", summary(name));
  }
  return names;
}

function refused(what: string, expected: string, found: string): MillraceError {
  const next = "Write branch({ large: (order) => order.amount > 100 }, 'small'), the default being optional.";
  return new MillraceError('INVALID_ARGUMENT', what, { expected, found, next });
}
