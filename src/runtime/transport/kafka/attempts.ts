import { type Clock, delay } from '../../clock.ts';
import { backoffMs } from './backoff.ts';

/** Pauses between the repetitions of one thing: 20 ms, 40, ... 1 s, each drawn from its upper half, until time is up. */
export class Attempts {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;
  #made = 0;
  #wait: number;

  constructor(clock: Clock, random: () => number, timeoutMs: number, signal?: AbortSignal) {
    this.#clock = clock;
    this.#random = random;
    this.#deadline = clock.monotonic() + timeoutMs;
    this.#signal = signal;
    this.#wait = backoffMs(0, random);
  }

  /** This is not the first one. */
  get repeated(): boolean {
    return this.#made > 0;
  }

  /** No time is left for another one after a pause. */
  get last(): boolean {
    return this.#clock.monotonic() + this.#wait >= this.#deadline;
  }

  get remainingMs(): number {
    return Math.max(1, this.#deadline - this.#clock.monotonic());
  }

  /** Before the next one. Rejects with the signal's reason. */
  async pause(): Promise<void> {
    await delay(this.#clock, this.#wait, this.#signal);
    this.#made++;
    this.#wait = backoffMs(this.#made, this.#random);
  }
}
