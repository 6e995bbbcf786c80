import type { Measured } from './child.ts';
import type { Workload } from './engine.ts';

/** One engine did one workload once; without figures where it failed. */
export interface Run extends Partial<Omit<Measured, 'count' | 'checksum'>> {
  readonly workload: Workload;
  readonly engine: string;
  readonly version: string;
  readonly variant: string;
  readonly records: number;
  readonly count: number;
  readonly checksum: number;
  /** What came out is what was to come out. */
  readonly right: boolean;
}

/** Medians over the rounds as a Markdown table; the ratio is that of the CPU to millrace's dearest way of the same workload. */
export function table(runs: readonly Run[]): string {
  const lines = [
    '| workload | client | way | CPU µs/record | user + system | records/s | RSS MiB | CPU against millrace | output |',
    '|---|---|---|---|---|---|---|---|---|',
  ];
  const groups = Map.groupBy(runs, ({ workload, engine, variant }) => `${workload} ${engine} ${variant}`);
  const rows = [...groups.values()].map(row).sort((a, b) => a.order.localeCompare(b.order) || a.cpu - b.cpu);
  for (const { first, cpu, user, system, rate, rss, right } of rows) {
    const own = rows.filter(
      (one) => one.first.workload === first.workload && one.first.engine === 'millrace',
    );
    const ratio = own.length === 0 ? '' : `x${(cpu / Math.max(...own.map((one) => one.cpu))).toFixed(1)}`;
    const client = `${first.engine} ${first.version}`;
    const cells = [
      first.workload,
      client,
      first.variant,
      cpu.toFixed(2),
      `${user.toFixed(2)} + ${system.toFixed(2)}`,
    ];
    cells.push(`${Math.round(rate / 1000)} k`, rss.toFixed(0), ratio, right ? 'right' : '**wrong**');
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

function row(runs: readonly Run[]) {
  const of = (figure: (run: Run) => number | undefined) =>
    median(runs.map((run) => figure(run) ?? Number.NaN));
  return {
    first: runs[0]!,
    order: `${['produce', 'consume', 'consume-committed'].indexOf(runs[0]!.workload)}`,
    cpu: of(({ cpu }) => cpu),
    user: of(({ user }) => user),
    system: of(({ system }) => system),
    rate: of(({ seconds, records }) => (seconds === undefined ? undefined : records / seconds)),
    rss: of(({ rssMiB }) => rssMiB),
    right: runs.every(({ right }) => right),
  };
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
