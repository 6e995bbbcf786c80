/** The runtime's only way to time. The simulator has a virtual one; nothing else in src may touch Date.now or setTimeout. */
export interface Clock {
  /** ms since 1970; may jump. */
  now(): number;
  /** ms since some moment; never goes back. */
  monotonic(): number;
  /** Calls once after ms; the answer cancels it. */
  after(ms: number, call: () => void): () => void;
  /** Lets I/O and timers run, then goes on: between two slices of synchronous work. */
  breathe(): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
};

/** Resolves after ms, or rejects with the signal's reason. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const aborted = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    });
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
