import { MillraceError } from '../errors.ts';
import { summary } from './codecs/summary.ts';

const longest = 249;
const rule = `1 to ${longest} of the characters a-z, A-Z, 0-9, '.', '_' and '-', but not '.' or '..'`;

/** Refuses what Kafka does not take as the name of a topic. `what` says which: 'topic of stream()'. */
export function checkTopicName(name: unknown, what: string): void {
  check(name, what, rule, 'Give the topic the name it has on the broker.');
}

/** Refuses what cannot stand in the name of a changelog topic: the names of stores and other steps. */
export function checkStepName(name: unknown, what: string): void {
  check(name, what, `${rule}, for topics are named after it`, 'Give the step another name.');
}

function check(name: unknown, what: string, expected: string, next: string): void {
  const fits = typeof name === 'string' && /^[a-zA-Z0-9._-]+$/.test(name) && name !== '.' && name !== '..';
  if (fits && name.length <= longest) return;
  const found = fits ? `${name.length} characters` : summary(name);
  throw new MillraceError('INVALID_NAME', `The ${what} has a name that cannot be used`, {
    expected,
    found,
    next,
  });
}
