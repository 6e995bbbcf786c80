import { eachCommitted } from '../../scripts/kafka/readCommitted.ts';
import { firstAborted, groupKey, type Numbered, type Workload } from './workload.ts';

export interface Judged {
  readonly brokers: readonly string[];
  readonly job: Workload;
  readonly id: string;
  readonly exactlyOnce: boolean;
  /** Ids whose writing was acknowledged. */
  readonly sure: ReadonlySet<number>;
  /** Ids nobody knows the fate of. */
  readonly maybe: readonly { readonly whole: boolean; readonly ids: readonly number[] }[];
}

export interface Verdict {
  /** Records committed in the input. */
  readonly input: number;
  readonly output: number;
  readonly lost: number;
  /** Under at-least-once some are allowed. */
  readonly doubled: number;
  readonly aborted: number;
  /** The first of each kind, in words; empty: the guarantee was kept. */
  readonly violations: readonly string[];
}

/** Ids by key, in the order of the log. */
type ByKey = Map<string, number[]>;

/** Compares the outputs with the input, both as Apache Kafka's own read_committed consumer reads them. */
export async function judge(judged: Judged): Promise<Verdict> {
  const { brokers, job } = judged;
  const violations: string[] = [];
  const byKey: ByKey = new Map();
  const byGroup: ByKey = new Map();
  const input = new Set<number>();
  let doubledInput = 0;
  let aborted = 0;
  for await (const { key, value } of eachCommitted(brokers, job.input, { as: 'base64' })) {
    const { id, group } = parse<{ id: number; group: number }>(value);
    if (id >= firstAborted) aborted++;
    if (input.has(id)) doubledInput++;
    input.add(id);
    add(byKey, key!, id);
    add(byGroup, groupKey(group).toString('base64'), id);
  }
  if (aborted > 0) violations.push(`${aborted} aborted records are committed in the input`);
  if (doubledInput > 0) violations.push(`${doubledInput} records are doubled in the input`);
  violations.push(...ofFeed(judged, input));
  const outputs = [
    { topic: job.byKey, expected: byKey, ordered: true },
    { topic: job.byGroup, expected: byGroup, ordered: false },
  ];
  const total = { output: 0, lost: 0, doubled: doubledInput, aborted };
  for (const { topic, expected, ordered } of outputs) {
    const found: Map<string, Numbered[]> = new Map();
    for await (const { key, value } of eachCommitted(brokers, topic, { as: 'base64' })) {
      add(found, key!, parse<Numbered>(value));
      total.output++;
    }
    const checked = compare(topic, expected, found, judged.exactlyOnce, ordered);
    total.lost += checked.lost;
    total.doubled += checked.doubled;
    total.aborted += checked.aborted;
    violations.push(...checked.violations.slice(0, 10));
  }
  for (const [index, topic] of job.changelogs(judged.id).entries()) {
    violations.push(...(await ofRows(judged, topic, index === 0 ? byKey : byGroup)).slice(0, 10));
  }
  return { input: input.size, ...total, violations };
}

/** What our producers were told of the input must be so. */
function ofFeed({ sure, maybe }: Judged, input: ReadonlySet<number>): string[] {
  const violations: string[] = [];
  const missing = [...sure].filter((id) => !input.has(id));
  if (missing.length > 0)
    violations.push(`${missing.length} acknowledged records are not in the input: ${missing.slice(0, 5)}`);
  for (const { whole, ids } of maybe) {
    const there = ids.filter((id) => input.has(id)).length;
    if (whole && there > 0 && there < ids.length)
      violations.push(
        `${there} of the ${ids.length} records of a transaction are in the input: ${ids[0]} ...`,
      );
  }
  const known = new Set([...sure, ...maybe.flatMap(({ ids }) => ids)]);
  const unknown = [...input].filter((id) => id < firstAborted && !known.has(id));
  if (unknown.length > 0)
    violations.push(`${unknown.length} records nobody has written: ${unknown.slice(0, 5)}`);
  return violations;
}

function compare(
  topic: string,
  expected: ByKey,
  found: ReadonlyMap<string, readonly Numbered[]>,
  exactlyOnce: boolean,
  ordered: boolean,
): Pick<Verdict, 'lost' | 'doubled' | 'aborted' | 'violations'> {
  const violations: string[] = [];
  let [lost, doubled, aborted] = [0, 0, 0];
  for (const key of found.keys()) {
    if (!expected.has(key)) violations.push(`${topic}: key ${key} is not in the input`);
  }
  for (const [key, ids] of expected) {
    const rows = found.get(key) ?? [];
    const seen = new Set(rows.map(({ id }) => id));
    const missing = ids.filter((id) => !seen.has(id));
    const beyond = rows.filter(({ id }) => id >= firstAborted).length;
    const again = rows.length - seen.size;
    lost += missing.length;
    doubled += again;
    aborted += beyond;
    const said: string[] = [];
    if (missing.length > 0) said.push(`${missing.length} of ${ids.length} lost: ${missing.slice(0, 5)}`);
    if (beyond > 0) said.push(`${beyond} aborted ones`);
    if (exactlyOnce) {
      if (again > 0) said.push(`${again} doubled`);
      const gap = rows.findIndex(({ n }, index) => n !== index + 1);
      if (gap >= 0) said.push(`the number ${rows[gap]!.n} is in place ${gap + 1} (id ${rows[gap]!.id})`);
      const moved = ordered ? rows.findIndex(({ id }, index) => id !== ids[index]) : -1;
      if (moved >= 0) said.push(`id ${rows[moved]!.id} is in place ${moved + 1}, not ${ids[moved]}`);
    }
    if (said.length > 0) violations.push(`${topic}, key ${key}: ${said.join('; ')}`);
  }
  return { lost, doubled, aborted, violations };
}

/** The last row of each key in the changelog says how many there were. */
async function ofRows({ brokers, exactlyOnce }: Judged, topic: string, expected: ByKey): Promise<string[]> {
  const rows = new Map<string, number>();
  for await (const { key, value, headers } of eachCommitted(brokers, topic, { as: 'base64' })) {
    if (headers.length > 0) continue;
    if (value === null) rows.delete(key!);
    else rows.set(key!, parse<Numbered>(value).n);
  }
  return [...expected].flatMap(([key, { length }]) => {
    const found = rows.get(key) ?? 0;
    const right = exactlyOnce ? found === length : found >= length;
    return right ? [] : [`${topic}: the row of key ${key} says ${found}, not ${length}`];
  });
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function parse<T>(base64: string | null): T {
  return JSON.parse(Buffer.from(base64!, 'base64').toString()) as T;
}
