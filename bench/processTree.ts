import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;
const pageBytes = 4096;

export interface Usage {
  /** CPU seconds, user and system, of the process and all below it. */
  readonly cpu: number;
  readonly rssMiB: number;
}

/** From /proc, so on Linux only. */
export function usage(root: number): Usage {
  const parents = new Map<number, { readonly parent: number; readonly cpu: number; readonly rss: number }>();
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? stat(Number(name)) : undefined;
    if (found !== undefined) parents.set(Number(name), found);
  }
  let [cpu, rss] = [0, 0];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const found = parents.get(pid);
    cpu += found?.cpu ?? 0;
    rss += found?.rss ?? 0;
    for (const [child, { parent }] of parents) if (parent === pid) open.push(child);
  }
  return { cpu, rssMiB: Math.round(rss / (1 << 20)) };
}

function stat(pid: number) {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = line
      .slice(line.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
    return { parent: fields[1]!, cpu: ticks / ticksPerSecond, rss: fields[21]! * pageBytes };
  } catch {
    return undefined; // it has ended between the two looks
  }
}
