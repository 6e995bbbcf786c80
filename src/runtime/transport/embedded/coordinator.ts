import type { Assignment, MemberOptions, OffsetsToCommit } from '../transport.ts';
import type { Broker } from './broker.ts';
import { type Connection, isTransient } from './connection.ts';
import type { Api } from './faults.ts';
import type { Identity, Joined, Refusal } from './groupProtocol.ts';

/** ms a member waits beyond the time the others have. */
const patienceMs = 5_000;

/** What a member asks the coordinator of its group. It never gives up: there is nobody else to ask. */
export class Coordinator {
  readonly #broker: Broker;
  readonly #connection: Connection;
  readonly #options: MemberOptions;

  constructor(broker: Broker, connection: Connection, options: MemberOptions) {
    this.#broker = broker;
    this.#connection = connection;
    this.#options = options;
  }

  newMemberId(): string {
    return this.#broker.groups.newMemberId(this.#connection.clientId);
  }

  join(identity: Identity, isNew: boolean, force: boolean): Promise<Joined | Refusal> {
    const { group, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const metadata = this.#options.metadata();
    let isFirst = true;
    return this.#insist('joinGroup', rebalanceTimeoutMs + patienceMs, () => {
      const request = {
        ...identity,
        isNew,
        metadata,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        // A repeated request may find that the first one was heard.
        force: force && isFirst,
      };
      isFirst = false;
      return this.#broker.groups.join(group, request);
    });
  }

  sync(
    identity: Identity,
    generation: number,
    assignments: ReadonlyMap<string, Assignment> | undefined,
  ): Promise<Assignment | Refusal> {
    const { group, rebalanceTimeoutMs } = this.#options;
    return this.#insist('syncGroup', rebalanceTimeoutMs + patienceMs, () =>
      this.#broker.groups.sync(group, identity, generation, assignments),
    );
  }

  /** One attempt: the next one is due soon. */
  heartbeat(identity: Identity, generation: number): Promise<Refusal | undefined> {
    const { group, sessionTimeoutMs } = this.#options;
    const send = (): Refusal | undefined => this.#broker.groups.heartbeat(group, identity, generation);
    return this.#connection.call({ api: 'heartbeat', group }, send, sessionTimeoutMs / 3);
  }

  leave(memberId: string): Promise<void> {
    const { group } = this.#options;
    return this.#insist('leaveGroup', undefined, () => this.#broker.groups.leave(group, { memberId }));
  }

  commit(commit: OffsetsToCommit): Promise<void> {
    const { group } = this.#options;
    return this.#connection.insist({ api: 'offsetCommit', group }, () => this.#broker.groups.commit(commit));
  }

  async #insist<T>(api: Api, timeoutMs: number | undefined, effect: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.#connection.insist({ api, group: this.#options.group }, effect, timeoutMs);
      } catch (error) {
        if (!isTransient(error)) throw error;
      }
    }
  }
}
