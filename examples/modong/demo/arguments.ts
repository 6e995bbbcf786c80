import { parseArgs } from 'node:util';

export interface Arguments {
  readonly brokers: string | undefined;
  readonly killOne: boolean;
  readonly keep: boolean;
  readonly seed: number;
  readonly help: boolean;
}

export const help = `The MODONG demo: neighbours order together, hosts close their posts, chat rooms open.

  npm run demo [-- OPTIONS]

  --brokers HOST:PORT[,...]  run on Apache Kafka, each worker a process of its own; default: the embedded broker, in memory
  --kill-one                 kill one of the two workers in the middle; the totals stay the same
  --seed NUMBER              another story; default: 42
  --keep                     with --brokers: leave the topics of this run behind; default: they are deleted at the end
  --help                     this text

Ends by itself: 0 when everything came out as it had to, 1 when not. Ctrl-C lets the workers finish what they are at.
`;

/** A mistake in how the demo was called: to be said in one line, without a stack. */
export class UsageError extends Error {}

const options = {
  brokers: { type: 'string' },
  'kill-one': { type: 'boolean' },
  keep: { type: 'boolean' },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export function readArguments(given: readonly string[]): Arguments {
  const known = Object.keys(options);
  const { values, tokens } = parseArgs({ args: [...given], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`Unexpected: ${token.value}. See --help.`);
    if (token.kind !== 'option') continue;
    if (!known.includes(token.name)) throw unknown(token.rawName, known);
    const takesValue = options[token.name as keyof typeof options].type === 'string';
    if (takesValue && !token.value) throw new UsageError(`${token.rawName} needs a value. See --help.`);
    if (!takesValue && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`);
  }
  const { brokers, seed = '42' } = values as { readonly brokers?: string; readonly seed?: string };
  if (!/^\d{1,9}$/.test(seed)) throw new UsageError(`--seed takes a whole number, not ${seed}.`);
  return {
    brokers,
    killOne: values['kill-one'] === true,
    keep: values.keep === true,
    seed: Number(seed),
    help: values.help === true,
  };
}

function unknown(flag: string, known: readonly string[]): UsageError {
  const name = flag.replace(/^-+/, '');
  const [nearest, edits] = known
    .map((candidate) => [candidate, distance(name, candidate)] as const)
    .reduce((best, next) => (next[1] < best[1] ? next : best));
  const advice = edits <= Math.max(1, nearest.length / 2) ? `Did you mean --${nearest}?` : 'See --help.';
  return new UsageError(`There is no option ${flag}. ${advice}`);
}

/** Edits between two words. */
function distance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, letter] of [...from].entries()) {
    const current = [row + 1];
    for (let column = 1; column <= to.length; column++) {
      const replaced = previous[column - 1]! + (letter === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[to.length]!;
}
