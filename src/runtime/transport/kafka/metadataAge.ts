import type { Clock } from '../../clock.ts';
import type { Connection } from './connection.ts';

/** How often what is known of topics may be found to be old, before it is twice as old as it may be. */
const looksPerAge = 5;

/** Has what is known of topics looked up again when it is old. As long as writing succeeds nothing else tells of partitions that were added. */
export class MetadataAge {
  readonly #connection: Connection;
  readonly #clock: Clock;
  #lookedAt: number;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#lookedAt = clock.monotonic();
  }

  /** To be called now and then, with the topics in use. */
  look(topics: () => readonly string[]): void {
    const now = this.#clock.monotonic();
    if (now - this.#lookedAt < this.#connection.metadataMaxAgeMs / looksPerAge) return;
    this.#lookedAt = now;
    // What stands in the way of a look stands in the way of writing, which tells of it; and there will be another look.
    this.#connection.topics(topics()).catch(() => {});
  }
}
