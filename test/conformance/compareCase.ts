import type { Case, Literal, Output, StoreContents, StoreEntry } from './format.ts';
import type { Actual } from './runCase.ts';

/** What differs between a case and what came of it, one line each; none when it is as it should be (section 7 of the format). */
export function compareCase({ expected, compare = 'exact' }: Case, actual: Actual): string[] {
  const differences = errorDifferences(expected.error, actual.error);
  for (const [topic, wanted] of Object.entries(expected.outputs ?? {})) {
    const got = actual.outputs[topic] ?? [];
    const lines = compare === 'exact' ? sequenceDifferences(wanted, got) : multisetDifferences(wanted, got);
    if (lines.length > 0) differences.push(`topic ${topic}:`, ...lines.map((line) => `  ${line}`));
  }
  if (actual.error !== undefined) return differences;
  for (const [name, wanted] of Object.entries(expected.stores ?? {})) {
    const lines = storeDifferences(wanted, actual.stores[name] ?? []);
    if (lines.length > 0) differences.push(`store ${name}:`, ...lines.map((line) => `  ${line}`));
  }
  return differences;
}

/** The same of the last record per key of each topic, with record caches. A row that is not there may be told to be gone. */
export function compareFinal({ expected }: Case, { outputs }: Actual): string[] {
  return Object.entries(expected.cachedFinal ?? {}).flatMap(([topic, wanted]) => {
    const lines = multisetDifferences(lastRows(wanted), lastRows(outputs[topic] ?? []));
    return lines.length === 0 ? [] : [`topic ${topic}, cached:`, ...lines.map((line) => `  ${line}`)];
  });
}

function lastRows(records: readonly Omit<Output, 'step'>[]): Omit<Output, 'step'>[] {
  const last = new Map<string, Omit<Output, 'step'>>();
  for (const record of records) last.set(JSON.stringify([record.key, record.window]), record);
  return [...last.values()].filter(({ value }) => value !== null);
}

function errorDifferences(wanted: Case['expected']['error'], got: Actual['error']): string[] {
  const place = (error: { phase: string; step?: number } | undefined): string =>
    error === undefined ? 'none' : error.phase === 'run' ? `in step ${error.step}` : 'while building';
  if (place(wanted) === place(got)) return [];
  return [`error: expected ${place(wanted)}, found ${place(got)}${got ? `: ${got.message}` : ''}`];
}

/** In order, but that records marked optional may be missing: the cheapest way from one to the other. */
function sequenceDifferences(wanted: readonly Output[], got: readonly Output[]): string[] {
  const wantedTexts = wanted.map(recordText);
  const gotTexts = got.map(recordText);
  const cost: number[][] = [];
  for (let i = wanted.length; i >= 0; i--) {
    cost[i] = [];
    for (let j = got.length; j >= 0; j--) {
      if (i === wanted.length) cost[i]![j] = got.length - j;
      else {
        const without = cost[i + 1]![j]! + (wanted[i]!.optional ? 0 : 1);
        const matched = j < got.length && wantedTexts[i] === gotTexts[j] ? cost[i + 1]![j + 1]! : Infinity;
        cost[i]![j] = Math.min(without, matched, j < got.length ? cost[i]![j + 1]! + 1 : Infinity);
      }
    }
  }
  if (cost[0]![0] === 0) return [];
  return path(wanted, wantedTexts, gotTexts, cost);
}

/** Walks the cheapest way and tells every record on it, so that a difference is seen where it stands. */
function path(
  wanted: readonly Output[],
  wantedTexts: readonly string[],
  gotTexts: readonly string[],
  cost: readonly (readonly number[])[],
): string[] {
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < wantedTexts.length || j < gotTexts.length) {
    const here = cost[i]![j]!;
    if (i < wantedTexts.length && wantedTexts[i] === gotTexts[j] && cost[i + 1]![j + 1] === here) {
      lines.push(`  ${wantedTexts[i]}`);
      i++;
      j++;
    } else if (i < wantedTexts.length && cost[i + 1]![j]! + (wanted[i]!.optional ? 0 : 1) === here) {
      if (!wanted[i]!.optional) lines.push(`- ${wantedTexts[i]}`);
      i++;
    } else lines.push(`+ ${gotTexts[j++]}`);
  }
  return lines;
}

function multisetDifferences(
  wanted: readonly Omit<Output, 'step'>[],
  got: readonly Omit<Output, 'step'>[],
): string[] {
  const text = ({ key, window, value, timestamp }: Omit<Output, 'step'>): string =>
    rowText({ key, window, value, timestamp });
  const left = got.map(text);
  const missing = wanted.filter((record) => {
    const at = left.indexOf(text(record));
    if (at >= 0) left.splice(at, 1);
    return at < 0 && !record.optional;
  });
  return [...missing.map((record) => `- ${text(record)}`), ...left.map((line) => `+ ${line}`)];
}

function storeDifferences({ entries, expired = [] }: StoreContents, got: readonly StoreEntry[]): string[] {
  // Rows of sessions come without a timestamp: it is the end of the session.
  const timeless = entries.concat(expired).every(({ timestamp }) => timestamp === undefined);
  const left = got.map(({ timestamp, ...row }) =>
    rowText(timeless ? { ...row, timestamp: undefined } : { ...row, timestamp }),
  );
  const missing = entries.map(rowText).filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const allowed = new Set(expired.map(rowText));
  const surplus = left.filter((line) => !allowed.has(line));
  return [...missing.map((line) => `- ${line}`), ...surplus.map((line) => `+ ${line}`)];
}

function recordText({ step, headers, ...row }: Output): string {
  return `step ${step}  ${rowText(row)}${headers === undefined ? '' : `  headers ${JSON.stringify(headers)}`}`;
}

/** JSON tells the string "1" from the number 1. */
function rowText({
  key,
  window,
  value,
  timestamp,
  versions,
}: Pick<Output, 'key'> & {
  value?: Literal;
  window?: Output['window'] | undefined;
  timestamp?: number | undefined;
  versions?: StoreEntry['versions'];
}): string {
  if (versions !== undefined) return `${JSON.stringify(key)} was ${JSON.stringify(versions)}`;
  const where = window === undefined ? '' : ` @ ${window.start}..${window.end}`;
  return `${JSON.stringify(key)}${where} = ${JSON.stringify(value)}  at ${timestamp}`;
}
