import { delay, systemClock } from '../../src/runtime/clock.ts';
import type { ClusterAdmin, Position } from './clusterAdmin.ts';

/** ms within which every partition that is behind must move once a fault is healed. */
const healedWithin = 60_000;

/** How far the application is, as Apache Kafka's admin client sees it. */
export class Progress {
  readonly #admin: ClusterAdmin;
  readonly #group: string;
  readonly #topics: readonly string[];

  constructor(admin: ClusterAdmin, group: string, topics: readonly string[]) {
    this.#admin = admin;
    this.#group = group;
    this.#topics = topics;
  }

  /** Asked again while the cluster does not answer. */
  async positions(): Promise<ReadonlyMap<string, Position>> {
    const deadline = systemClock.monotonic() + healedWithin;
    for (;;) {
      try {
        return await this.#admin.positions(this.#group, this.#topics);
      } catch (error) {
        if (systemClock.monotonic() > deadline) throw error;
        await delay(systemClock, 500);
      }
    }
  }

  async lag(): Promise<number> {
    return [...(await this.positions()).values()].reduce(
      (sum, { committed, end }) => sum + end - committed,
      0,
    );
  }

  /** Waits until every partition that is behind now has moved; gives the ms it took. Throws, naming those that have not. */
  async moved(check: () => void): Promise<number> {
    const before = await this.positions();
    return this.#until(check, (now) =>
      [...before].filter(([name, { committed, end }]) => {
        const found = now.get(name);
        return committed < end && (found === undefined || found.committed <= committed);
      }),
    );
  }

  /** Waits until nothing is left to do; as long as something still moves. */
  async drained(check: () => void): Promise<void> {
    while ((await this.lag()) > 0) await this.moved(check);
  }

  async #until(
    check: () => void,
    left: (now: ReadonlyMap<string, Position>) => readonly (readonly [string, Position])[],
  ): Promise<number> {
    const begun = systemClock.monotonic();
    for (;;) {
      check();
      const stuck = left(await this.positions());
      const passed = systemClock.monotonic() - begun;
      if (stuck.length === 0) return passed;
      if (passed > healedWithin) {
        const names = stuck.map(([name, { committed, end }]) => `${name} at ${committed} of ${end}`);
        throw new Error(`no progress for ${Math.round(passed / 1000)} s: ${names.join(', ')}`);
      }
      await delay(systemClock, 200);
    }
  }
}
