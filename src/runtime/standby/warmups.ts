import type { Clock } from '../clock.ts';

/** When the group should look again where tasks should run, since some have got ready here. */
export class Warmups {
  readonly #clock: Clock;
  readonly #probingIntervalMs: number;
  #warming: ReadonlySet<string> = new Set();
  /** Were ready when the group was last asked, and it did not move them. */
  #refused: ReadonlySet<string> = new Set();
  #since = 0;
  #asked: ReadonlySet<string> | undefined;

  constructor(clock: Clock, probingIntervalMs: number) {
    this.#clock = clock;
    this.#probingIntervalMs = probingIntervalMs;
  }

  /** What the group has said: these get ready here. */
  assign(tasks: readonly string[]): void {
    const still = new Set(tasks);
    this.#refused = new Set(this.#asked === undefined ? [] : tasks.filter((task) => this.#asked!.has(task)));
    this.#warming = still;
    this.#asked = undefined;
    this.#since = this.#clock.monotonic();
  }

  has(task: string): boolean {
    return this.#warming.has(task);
  }

  /** Whether to ask the group now: at once when all are ready, else now and then if any is. */
  isDue(isReady: (task: string) => boolean): boolean {
    if (this.#asked !== undefined || this.#warming.size === 0) return false;
    const ready = new Set([...this.#warming].filter(isReady));
    const waited = this.#clock.monotonic() - this.#since >= this.#probingIntervalMs;
    const all = ready.size === this.#warming.size && this.#refused.size === 0;
    if (ready.size === 0 || !(all || waited)) return false;
    this.#asked = ready;
    return true;
  }
}
