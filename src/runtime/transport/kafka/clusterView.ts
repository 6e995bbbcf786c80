import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { Address } from './address.ts';
import { Attempts } from './attempts.ts';
import type { BrokerSocket } from './brokerSocket.ts';
import type { BrokerSockets } from './brokerSockets.ts';
import type { TopicMetadata } from './connection.ts';
import { newest } from './newest.ts';
import type { Principal } from './principal.ts';
import { code, isRetriable, toMillraceError } from './protocol/errors.ts';
import { type AnsweredTopic, type Metadata, metadata } from './protocol/metadata.ts';
import type { Request } from './protocol/request.ts';
import { isLost, RequestLost } from './requestLost.ts';

const lane = 'control';
/** ms one broker may take to say what every broker knows. */
const askTimeoutMs = 5000;
/** ms after which another broker is asked as well: one that was stopped would hold everything up until the request times out. */
const impatientMs = 1000;

/** What is known of the cluster: its brokers and topics. Bootstrap addresses are nodes -1, -2, ... until real ones are learnt. */
export class ClusterView {
  readonly #maxAgeMs: number;
  readonly #sockets: BrokerSockets;
  readonly #bootstrapIds: readonly number[];
  readonly #timeoutMs: number;
  readonly #random: () => number;
  readonly #clock: Clock;
  readonly #principal: Principal;
  readonly #topics = new Map<string, { readonly topic: TopicMetadata; readonly asOf: number }>();
  readonly #asking = new Map<string, Promise<Metadata>>();
  #controller: number | undefined;

  constructor(
    sockets: BrokerSockets,
    bootstrap: readonly Address[],
    timeoutMs: number,
    maxAgeMs: number,
    random: () => number,
    clock: Clock,
    principal: Principal,
  ) {
    this.#sockets = sockets;
    this.#maxAgeMs = maxAgeMs;
    this.#bootstrapIds = bootstrap.map((_, index) => -1 - index);
    this.#timeoutMs = timeoutMs;
    this.#random = random;
    this.#clock = clock;
    this.#principal = principal;
    for (const [index, address] of bootstrap.entries()) sockets.learn(-1 - index, address);
  }

  /** One round over the bootstrap brokers, none of which may use up the time of the others. */
  async open(attempts: Attempts): Promise<void> {
    const ids = rotated(this.#bootstrapIds, this.#random);
    let lost: unknown;
    for (const [index, id] of ids.entries()) {
      const left = attempts.remainingMs;
      try {
        const socket = await this.#sockets.socket(id, lane, left / (ids.length - index));
        requireNewEnough(socket);
        this.#learn(await socket.send(metadata([]), left).catch(notWelcome));
        await this.#reachAdvertised(id, attempts);
        this.#sockets.release(id);
        return;
      } catch (error) {
        if (!isLost(error)) throw error;
        lost = error;
      }
    }
    throw lost;
  }

  /** Asks any broker; also the next one where the answer is lost or is long in coming. For requests that may be repeated. */
  ask<T>(request: Request<T>): Promise<T> {
    const ids = this.#order();
    return new Promise((resolve, reject) => {
      let open = 0;
      let stopTimer = () => {};
      const askNext = (): void => {
        stopTimer();
        const id = ids.shift();
        if (id === undefined) return;
        open++;
        if (ids.length > 0) stopTimer = this.#clock.after(impatientMs, askNext);
        this.#sockets.send(id, lane, request, Math.min(this.#timeoutMs, askTimeoutMs)).then(
          (answer) => {
            ids.length = 0;
            stopTimer();
            resolve(answer);
          },
          (error) => {
            open--;
            if (isLost(error) && ids.length > 0) return askNext();
            if (isLost(error) && open > 0) return;
            ids.length = 0;
            stopTimer();
            reject(error);
          },
        );
      };
      askNext();
    });
  }

  async topics(names: readonly string[], fresh: boolean): Promise<ReadonlyMap<string, TopicMetadata>> {
    const attempts = new Attempts(this.#clock, this.#random, this.#timeoutMs, this.#sockets.closed);
    const oldest = this.#clock.monotonic() - this.#maxAgeMs;
    let wanted = names.filter((name) => fresh || !((this.#topics.get(name)?.asOf ?? -Infinity) >= oldest));
    while (wanted.length > 0) {
      const answer = await this.#refresh(wanted);
      wanted = this.#keep(answer.topics, wanted, !attempts.last);
      if (wanted.length > 0) await attempts.pause();
    }
    const found = new Map<string, TopicMetadata>();
    for (const name of names) {
      const entry = this.#topics.get(name);
      if (entry !== undefined) found.set(name, entry.topic);
    }
    return found;
  }

  known(topic: string): TopicMetadata | undefined {
    return this.#topics.get(topic)?.topic;
  }

  async controller(fresh: boolean): Promise<number> {
    if (fresh || this.#controller === undefined || !this.#sockets.ids.includes(this.#controller))
      await this.#refresh([]);
    return this.#controller ?? this.#order()[0]!;
  }

  /** Callers that want the same at the same time share one request. */
  #refresh(names: readonly string[]): Promise<Metadata> {
    const key = [...names].sort().join(' ');
    let answer = this.#asking.get(key);
    if (answer === undefined) {
      answer = this.ask(metadata(names))
        .then((found) => this.#learn(found))
        .finally(() => this.#asking.delete(key));
      this.#asking.set(key, answer);
    }
    return answer;
  }

  #learn(found: Metadata): Metadata {
    const there = new Set(found.nodes.map(({ id }) => id));
    // Brokers that have left the cluster are not asked any more, and not waited for.
    for (const id of this.#advertised()) if (there.size > 0 && !there.has(id)) this.#sockets.forget(id);
    for (const node of found.nodes) this.#sockets.learn(node.id, { host: node.host, port: node.port });
    if (found.controller >= 0) this.#controller = found.controller;
    return found;
  }

  /** Stores what was answered; returns the names that are worth asking for again. */
  #keep(answers: readonly AnsweredTopic[], wanted: readonly string[], mayAskAgain: boolean): string[] {
    const again: string[] = [];
    for (const { errorCode, topic, topicId, partitions } of answers) {
      if (!wanted.includes(topic)) continue;
      if (errorCode === code.none) {
        const sorted = [...partitions].sort((a, b) => a.partition - b.partition);
        const known = this.#topics.get(topic)?.topic;
        this.#topics.set(topic, {
          topic: {
            topic,
            topicId,
            partitions: known?.topicId.equals(topicId) ? newest(known, sorted) : sorted,
          },
          asOf: this.#clock.monotonic(),
        });
      } else if (errorCode === code.unknownTopicOrPartition) this.#topics.delete(topic);
      else if (isRetriable(errorCode) && mayAskAgain) again.push(topic);
      else
        throw toMillraceError(errorCode, `topic ${topic} cannot be looked up`, {
          topic,
          operation: 'Describe',
          principal: this.#principal.name,
        });
    }
    return again;
  }

  /** A broker's own idea of its address is often wrong in containers: better said at start than found out later. */
  async #reachAdvertised(bootstrapId: number, attempts: Attempts): Promise<void> {
    const ids = rotated(this.#advertised(), this.#random);
    let lost: unknown;
    for (const [index, id] of ids.entries()) {
      try {
        const left = attempts.remainingMs;
        await this.#sockets.socket(id, lane, left / (ids.length - index));
        return;
      } catch (error) {
        if (!isLost(error)) throw error;
        lost = error;
      }
    }
    const addresses = ids.map((id) => this.#sockets.address(id)).join(', ');
    const bootstrap = this.#sockets.address(bootstrapId);
    throw new RequestLost(
      'BROKER_UNREACHABLE',
      `broker ${bootstrap} answers, but not where it says it is`,
      false,
      {
        cause: lost,
        found: `advertised: ${addresses || 'no broker'}`,
        next: "Set the broker's advertised.listeners to an address that can be reached from here.",
      },
    );
  }

  #advertised(): number[] {
    return this.#sockets.ids.filter((id) => id >= 0);
  }

  /** Connected brokers first, bootstrap addresses last. */
  #order(): number[] {
    const known = rotated(this.#advertised(), this.#random);
    const connected = known.filter((id) => this.#sockets.connected(id));
    return [...connected, ...known.filter((id) => !connected.includes(id)), ...this.#bootstrapIds];
  }
}

function rotated(ids: readonly number[], random: () => number): number[] {
  const from = Math.floor(random() * ids.length);
  return [...ids.slice(from), ...ids.slice(0, from)];
}

/** A broker that wants credentials hangs up on who sends none, without a word. */
function notWelcome(error: unknown): never {
  if (!isLost(error)) throw error;
  throw new RequestLost('BROKER_UNREACHABLE', 'the first request to a broker was not answered', true, {
    cause: error,
    next: 'Check that the broker is up, and whether this port expects credentials (the sasl setting).',
  });
}

/** AddPartitionsToTxn v4 came with 3.6, and with it the check that a producer's partition is in its transaction (KIP-890). */
function requireNewEnough(socket: BrokerSocket): void {
  if (socket.speaks(24, 4)) return;
  throw new MillraceError('UNSUPPORTED_BROKER', `broker ${socket.address} is too old`, {
    expected: 'Apache Kafka 3.6 or newer',
    found: 'a broker without AddPartitionsToTxn version 4',
    next: 'Upgrade the brokers; exactly-once needs the checks that came with 3.6.',
  });
}
