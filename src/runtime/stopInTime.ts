import { MillraceError } from '../errors.ts';
import { type Clock, delay } from './clock.ts';

/** Waits for a stop to end. STOP_TIMEOUT when it takes longer; it goes on then, and nobody hears of it. */
export async function stopInTime(stop: Promise<void> | undefined, clock: Clock, ms: number): Promise<void> {
  const timer = new AbortController();
  const late = delay(clock, ms, timer.signal).then(() => {
    throw new MillraceError('STOP_TIMEOUT', 'The application did not stop in time', {
      expected: `an end within ${ms} ms`,
      next: 'What was not committed is done again at the next start. Allow more with stopTimeout if commits are slow.',
    });
  });
  late.catch(() => {}); // observed by the race, if it is still running then
  try {
    await Promise.race([stop, late]);
  } finally {
    timer.abort();
  }
}
