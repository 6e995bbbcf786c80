import type { CaseInput } from '../conformance/format.ts';
import type { Question } from './makeCase.ts';

/** Without a half of the inputs, a quarter, and so on down to single ones. */
export function fewerInputs(question: Question): Question[] {
  const { inputs } = question;
  const found: Question[] = [];
  for (let size = Math.ceil(inputs.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = inputs.length - size; from > -size; from -= size) {
      found.push({ ...question, inputs: inputs.filter((_, at) => at < from || at >= from + size) });
    }
  }
  return found;
}

/** Earlier and nearer timestamps, plainer keys and values, no headers. */
export function simplerInputs(question: Question): Question[] {
  const { inputs } = question;
  const all = (change: (input: CaseInput) => CaseInput): Question => ({
    ...question,
    inputs: inputs.map(change),
  });
  const found = [all(plain), ...earlier(question)];
  for (const [at, input] of inputs.entries()) {
    for (const simpler of simplerOf(input)) {
      found.push({ ...question, inputs: inputs.map((other, index) => (index === at ? simpler : other)) });
    }
  }
  const before = JSON.stringify(inputs);
  return found.filter((one) => JSON.stringify(one.inputs) !== before);
}

function plain(input: CaseInput): CaseInput {
  if (!('topic' in input)) return input;
  const { headers: _, ...rest } = input;
  return rest;
}

/** All records from one on moved to an earlier time, so that the distances before and behind stay as they are. */
function earlier(question: Question): Question[] {
  const { inputs } = question;
  const times = inputs.flatMap((input) => ('topic' in input ? [input.timestamp] : []));
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const moved = (from: number, by: number): Question => ({
    ...question,
    inputs: inputs.map((input) =>
      'topic' in input && input.timestamp >= from ? { ...input, timestamp: input.timestamp - by } : input,
    ),
  });
  return sorted.flatMap((time, at) => {
    const gap = time - (sorted[at - 1] ?? 0);
    return [gap, Math.ceil(gap / 2), 1].filter((by) => by > 0 && by <= gap).map((by) => moved(time, by));
  });
}

function simplerOf(input: CaseInput): CaseInput[] {
  if (!('topic' in input)) {
    const { advanceWallClock: ms } = input;
    return [Math.floor(ms / 2), ms - 1]
      .filter((less) => less > 0 && less < ms)
      .map((less) => ({ advanceWallClock: less }));
  }
  const { key, value, timestamp } = input;
  const found = [plain(input)];
  if (key !== 'a' && key !== null) found.push({ ...input, key: 'a' });
  if (key === null) found.push({ ...input, key: 'a' });
  if (value !== 'x' && value !== 'y') found.push({ ...input, value: 'x' }, { ...input, value: 'y' });
  for (const less of [0, Math.floor(timestamp / 2), timestamp - 1]) {
    if (less >= 0 && less < timestamp) found.push({ ...input, timestamp: less });
  }
  return found;
}
