import { type Connection, isTransient } from './connection.ts';
import type { Coordinator } from './coordinator.ts';
import type { Identity, Refusal } from './groupProtocol.ts';

/** Sent on a timer of their own for as long as a member has a place in its group, whatever else it does. */
export class Heartbeats {
  readonly #connection: Connection;
  readonly #coordinator: Coordinator;
  readonly #intervalMs: number;
  readonly #heard: (refusal: Refusal) => void;
  #cancel = (): void => {};
  /** Of the place in the group; what is heard of an earlier one is of no interest. */
  #place = 0;

  constructor(
    connection: Connection,
    coordinator: Coordinator,
    intervalMs: number,
    heard: (refusal: Refusal) => void,
  ) {
    this.#connection = connection;
    this.#coordinator = coordinator;
    this.#intervalMs = intervalMs;
    this.#heard = heard;
  }

  start(identity: Identity, generation: number): void {
    this.stop();
    this.#next(this.#place, identity, generation);
  }

  stop(): void {
    this.#place++;
    this.#cancel();
  }

  #next(place: number, identity: Identity, generation: number): void {
    this.#cancel = this.#connection.clock.after(this.#intervalMs, () => {
      void this.#send(place, identity, generation);
    });
  }

  async #send(place: number, identity: Identity, generation: number): Promise<void> {
    let refusal: Refusal | undefined;
    try {
      refusal = await this.#coordinator.heartbeat(identity, generation);
    } catch (error) {
      if (this.#connection.closed.aborted) return;
      // The next one is due soon.
      if (!isTransient(error)) throw error;
    }
    if (place !== this.#place) return;
    this.#next(place, identity, generation);
    if (refusal !== undefined) this.#heard(refusal);
  }
}
