import { styleText } from 'node:util';
import { MillraceError } from 'millrace';
import { type Arguments, help, readArguments, UsageError } from './arguments.ts';
import { liveDisplay, plainDisplay } from './display.ts';
import { type Result, run } from './run.ts';
import { dailyLines, roomLines, totalLines } from './tables.ts';
import { totalsOf } from './totals.ts';

const out = process.stdout;
const say = (line = ''): void => void out.write(`${line}\n`);

/** The command line in, the exit code out. */
export async function demo(given: readonly string[]): Promise<number> {
  try {
    const options = readArguments(given);
    if (!options.help) return await play(options);
    out.write(help);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof MillraceError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function play(options: Arguments): Promise<number> {
  const interactive = out.isTTY === true;
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const result = await run(
    options,
    interactive ? liveDisplay(out) : plainDisplay(out),
    interactive,
    stop.signal,
  );
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  report(result);
  if (stop.signal.aborted) {
    say('Stopped. The workers have finished what they were at and committed it.');
    return 130;
  }
  return verdict(result, options);
}

function report({ found, expected }: Result): void {
  say();
  for (const line of roomLines(found.rooms, 5, out.columns ?? 100)) say(line);
  say();
  for (const line of dailyLines(found)) say(line);
  say();
  for (const line of totalLines(totalsOf(found), totalsOf(expected))) say(line);
  say();
}

function verdict({ differences, expected }: Result, { brokers, killOne, seed }: Arguments): number {
  if (differences.length > 0) {
    say(
      styleText('red', `✘ ${differences.length} differences from what story ${seed} has to give:`, {
        stream: out,
      }),
    );
    for (const line of differences.slice(0, 10)) say(`  ${line}`);
    return 1;
  }
  const results = expected.rooms.length + expected.lateOrders.length + expected.rejects.length;
  const how = killOne ? ', although a worker was killed in the middle' : '';
  say(
    styleText(
      'green',
      `✔ Nothing lost, nothing doubled${how}: all ${results} results of story ${seed} are as they have to be.`,
      { stream: out },
    ),
  );
  say();
  say('Next:');
  if (!killOne)
    say(
      '  npm run demo -- --kill-one                    a worker dies in the middle; the totals stay the same',
    );
  if (brokers === undefined)
    say('  npm run demo -- --brokers localhost:9092      the same job on Apache Kafka');
  say(`  npm run demo -- --seed ${seed + 1}                     another story`);
  say('  examples/modong/job.ts                        the job');
  return 0;
}
