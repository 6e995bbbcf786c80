import { setTimeout as sleep } from 'node:timers/promises';
import type { Arguments } from './arguments.ts';
import type { Display, Status } from './display.ts';
import { expected } from './expected.ts';
import { type Feed, feed } from './feed.ts';
import { generate, lately } from './generator.ts';
import { differences, type Outcome } from './outcome.ts';
import type { Pace } from './script.ts';
import { embeddedStage, kafkaStage, type Stage } from './stage.ts';
import { areEqual, totalsOf } from './totals.ts';
import { watch } from './watch.ts';
import type { DemoWorker } from './workers.ts';

export interface Result {
  readonly found: Outcome;
  readonly expected: Outcome;
  /** Empty where all came out as it had to. */
  readonly differences: readonly string[];
}

/** Tells a story to two workers and compares what they make of it with what has to come out. */
export async function run(
  options: Arguments,
  display: Display,
  interactive: boolean,
  stop: AbortSignal,
): Promise<Result> {
  const pace = paceOf(options, interactive);
  const events = generate(options.seed, pace);
  const wanted = expected(events, pace.grace);
  const { brokers, keep, seed } = options;
  const stage = await (brokers === undefined ? embeddedStage(pace) : kafkaStage(brokers, pace, keep));
  const workers = [stage.worker(1), stage.worker(2)];
  try {
    display.note(
      `MODONG, story ${seed}: three days, ${events.length} records, two workers, ${stage.description}`,
    );
    const story = feed(stage.client, stage.topics, events);
    await perform({ pace, stage, workers, story, total: events.length, wanted, options, display, stop });
    await Promise.all(workers.map((worker) => worker.stop()));
    const { outcome: found, done } = watch(stage.client, stage.topics, 'end');
    await done;
    return { found, expected: wanted, differences: differences(found, wanted) };
  } finally {
    display.end();
    await Promise.allSettled(workers.map((worker) => worker.stop()));
    await stage.close();
  }
}

/** Slow enough to look at on a terminal; where a worker is killed, the other has to step in within the grace. */
function paceOf({ brokers, killOne }: Arguments, interactive: boolean): Pace {
  const takeover = brokers === undefined ? 2_500 : 12_000;
  const usual = interactive || brokers !== undefined ? 1_500 : 900;
  return {
    span: interactive ? 7_000 : killOne ? 4_000 : 1_500,
    grace: killOne ? takeover : usual,
    base: lately(Date.now()),
  };
}

interface Show {
  readonly pace: Pace;
  readonly stage: Stage;
  readonly workers: readonly DemoWorker[];
  readonly story: Feed;
  readonly total: number;
  readonly wanted: Outcome;
  readonly options: Arguments;
  readonly display: Display;
  readonly stop: AbortSignal;
}

/** From the start of the workers until every result is there, time is up, or it is stopped. */
async function perform(show: Show): Promise<void> {
  const { stage, workers, story, total, display, stop } = show;
  const over = new AbortController();
  const live = watch(stage.client, stage.topics, over.signal);
  const status = (phase: string): Status => {
    const elapsedMs = performance.now(); // since this process began
    return { elapsedMs, sent: story.sent, total, phase, workers, outcome: live.outcome };
  };
  const phase = { now: 'workers are starting' };
  const drawing = setInterval(() => display.update(status(phase.now)), 50);
  const broken = [live.done.then(never), ...workers.map(({ failed }) => failed)];
  try {
    await Promise.race([play(show, live.outcome, phase), aborted(stop), ...broken]);
    display.update(status(phase.now));
  } finally {
    clearInterval(drawing);
    over.abort();
  }
}

async function play(show: Show, outcome: Outcome, phase: { now: string }): Promise<void> {
  const { pace, workers, story, total, wanted, options, display, stop } = show;
  // Whoever starts later begins with the first record all the same.
  await story.until(0);
  await Promise.all(workers.map((worker) => worker.start()));
  phase.now = 'the story is told';
  const telling = story.run(stop);
  if (options.killOne) {
    await sleep(pace.span * 0.45, undefined, { signal: stop });
    await workers[1]!.kill();
    display.note(
      `Worker 2 was killed with ${story.sent} of ${total} records told; worker 1 takes its partitions over.`,
    );
  }
  await telling;
  phase.now = 'waiting for the last grace';
  const patience = pace.grace * 3 + (options.brokers === undefined ? 10_000 : 30_000);
  const deadline = performance.now() + patience;
  while (performance.now() < deadline && !areEqual(totalsOf(outcome), totalsOf(wanted))) {
    await sleep(20, undefined, { signal: stop });
  }
}

const never = (): Promise<never> => new Promise(() => {});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
