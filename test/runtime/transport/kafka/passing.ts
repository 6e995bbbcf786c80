import type { VirtualClock } from '../../../../src/runtime/testing/virtualClock.ts';

/** Lets virtual time pass in small steps, with real turns of the event loop between them, until the work is done. */
export async function passing<T>(clock: VirtualClock, work: Promise<T>, stepMs = 10): Promise<T> {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  work.then(done, done);
  while (!isDone) {
    // Sockets need some turns to tell: time that runs ahead of them would look like brokers that do not answer.
    for (let turn = 0; turn < 20 && !isDone; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (!isDone) await clock.advance(stepMs);
  }
  return work;
}
