import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type App, openClient, supervise, text } from 'millrace';
import { delay, systemClock } from '../src/runtime/clock.ts';
import { membershipApp, partitions } from './membershipJob.ts';

// npm run bench:membership -- --brokers=localhost:9092 --rounds=20: how long work stands still when a worker joins, stops or
// dies, as the worker that stays sees it. One JSON line; milliseconds. Progress on stderr.
const { values } = parseArgs({
  options: { brokers: { type: 'string' }, rounds: { type: 'string', default: '20' } },
});
const brokers = values.brokers ?? process.env['KAFKA_BROKERS'] ?? 'localhost:9092';
const rounds = Number(values.rounds);
const id = `membership-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const program = join(import.meta.dirname, 'membershipWorker.ts');

const client = await openClient({ brokers });
await client.createTopics([{ topic: `${id}-in`, partitions }]);
const feeding = new AbortController();
const fed = feed(feeding.signal);
const witness = membershipApp(id, { brokers, stateDir: join(folder, 'witness') });
const seen = timesOf(witness);
await witness.start();

const result = {
  ...(await joinsAndStops()),
  unsupervised: summary(await dies(Math.min(rounds, 5))),
  supervised: summary(await diesSupervised(rounds)),
};
console.log(JSON.stringify({ partitions, rounds, ...result }));
feeding.abort();
await fed;
await witness.stop();
await client.close();
rmSync(folder, { recursive: true, force: true });

/** A second worker joins and gets a SIGTERM, again and again. */
async function joinsAndStops(): Promise<object> {
  const [joins, gaps, handovers]: number[][] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const settled = seen.length;
    const second = startSecond();
    await until(() => second.state() === 'running' && ranAgain(settled));
    joins!.push(second.at('running') - second.at('rebalancing'));
    gaps!.push(lastAt('running') - lastAt('rebalancing'));
    await delay(systemClock, 300 + (round % 10) * 50);
    handovers!.push(await handover(() => second.kill('SIGTERM')));
    await second.ended;
  }
  return { join: summary(joins!), gapAtJoin: summary(gaps!), sigterm: summary(handovers!) };
}

async function dies(times: number): Promise<number[]> {
  const took: number[] = [];
  for (let round = 0; round < times; round++) {
    const settled = seen.length;
    const second = startSecond();
    await until(() => second.state() === 'running' && ranAgain(settled));
    await delay(systemClock, 300 + (round % 10) * 50);
    took.push(await handover(() => second.kill('SIGKILL')));
    await second.ended;
  }
  return took;
}

async function diesSupervised(times: number): Promise<number[]> {
  const took: number[] = [];
  const supervisor = supervise({
    file: program,
    args: [id, brokers, join(folder, 'supervised')],
    workers: 1,
    brokers,
    steadyAfter: 1,
    log: () => {},
  });
  let joined = 0;
  supervisor.events.subscribe(({ kind }) => {
    if (kind === 'joined') joined++;
  });
  supervisor.start();
  for (let round = 0; round < times; round++) {
    const before = joined;
    await until(() => joined > before && witness.state === 'running');
    await delay(systemClock, 800 + (round % 10) * 50);
    const [pid] = supervisor.pids;
    took.push(await handover(() => process.kill(pid!, 'SIGKILL')));
  }
  await supervisor.stop();
  return took;
}

/** ms from now until the witness works with what the other one had. */
async function handover(end: () => void): Promise<number> {
  const settled = seen.length;
  const begun = systemClock.monotonic();
  end();
  await until(() => ranAgain(settled));
  return lastAt('running') - begun;
}

/** Whether the witness has been through a rebalance since it had been through so many states. */
function ranAgain(settled: number): boolean {
  return seen.slice(settled).some(({ state }) => state === 'rebalancing') && seen.at(-1)?.state === 'running';
}

function lastAt(state: string): number {
  return seen.findLast((one) => one.state === state)!.at;
}

interface Moment {
  readonly state: string;
  readonly at: number;
}

function timesOf(app: App): Moment[] {
  const moments: Moment[] = [];
  app.states.subscribe((state) => moments.push({ state, at: systemClock.monotonic() }));
  return moments;
}

/** A worker in a process of its own. */
function startSecond() {
  const moments: Moment[] = [];
  const args = [...process.execArgv, program, id, brokers, join(folder, 'second')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  createInterface({ input: child.stdout }).on('line', (state) => {
    moments.push({ state, at: systemClock.monotonic() });
  });
  return {
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    ended: new Promise<void>((resolve) => child.once('close', () => resolve())),
    state: () => moments.at(-1)?.state,
    at: (state: string) => moments.find((moment) => moment.state === state)!.at,
  };
}

/** 500 records a second, so that there is always something to commit and to restore. */
async function feed(signal: AbortSignal): Promise<void> {
  const codecs = { key: text, value: text };
  for (let sent = 0; !signal.aborted; sent += 50) {
    const records = Array.from({ length: 50 }, (_, index) => ({
      key: `key-${(sent + index) % 2_000}`,
      value: 'x',
    }));
    await client.send(`${id}-in`, codecs, records);
    await delay(systemClock, 100);
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = systemClock.monotonic() + 60_000;
  while (!condition()) {
    if (systemClock.monotonic() > deadline) throw new Error(`not within a minute: ${condition}`);
    await delay(systemClock, 5);
  }
}

function summary(times: readonly number[]): object {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1]!);
  process.stderr.write(`${sorted.map(Math.round).join(' ')}\n`);
  return { p50: at(0.5), p95: at(0.95), most: at(1) };
}
