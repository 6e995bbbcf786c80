import { once } from 'node:events';

/**
 * Resolves when the work is done or the signal is aborted, whichever comes first; rejects with the work if that fails first.
 * The work goes on: nobody hears of it any more.
 */
export async function orAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const unheard = new AbortController();
  const aborted = signal.aborted ? undefined : once(signal, 'abort', { signal: unheard.signal });
  aborted?.catch(() => {}); // it is told below that nobody waits for it any more
  try {
    await Promise.race([work, aborted]);
  } finally {
    unheard.abort();
  }
}
