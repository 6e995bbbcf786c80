import { randomInt } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { Attempts } from './attempts.ts';
import { BrokerSockets } from './brokerSockets.ts';
import { checkConfig } from './checkConfig.ts';
import { ClusterView } from './clusterView.ts';
import type { KafkaConfig } from './kafkaConfig.ts';
import { type KafkajsBridge, kafkajsBridge } from './kafkajsBridge.ts';
import { Principal } from './principal.ts';
import { type CoordinatorKind, findCoordinator } from './protocol/findCoordinator.ts';
import type { PartitionMetadata } from './protocol/metadata.ts';
import type { Request } from './protocol/request.ts';
import { isRepeatable, refused, remedyOf } from './protocol/transactionErrors.ts';
import { RequestLost } from './requestLost.ts';

/** The brokers of one cluster: finds who answers for what, keeps the sockets, and never repeats a request by itself. */
export interface Connection {
  /** Finds a broker that answers and is new enough. BROKER_UNREACHABLE, NOT_AUTHENTICATED, UNSUPPORTED_BROKER, UNSUPPORTED_CLIENT. */
  open(): Promise<void>;
  /**
   * One request, one attempt. A lane is a socket of its own per broker: answers on one come in the order of the requests, so
   * what a broker may hold back (fetch, join) gets its own. Rejects with RequestLost when there is no answer.
   */
  send<T>(node: number, lane: string, request: Request<T>, timeoutMs?: number): Promise<T>;
  /** Topics that exist, from the cache (at most metadataMaxAgeMs old) or, `fresh`, from a broker. Missing ones are not in the map. */
  topics(
    names: readonly string[],
    options?: { fresh?: boolean },
  ): Promise<ReadonlyMap<string, TopicMetadata>>;
  /** What was last heard of a topic, however long ago; undefined: nothing. */
  known(topic: string): TopicMetadata | undefined;
  /** The node that keeps the group or transactional id. `fresh`: after NOT_COORDINATOR or a lost request. */
  coordinator(kind: CoordinatorKind, key: string, options?: { fresh?: boolean }): Promise<number>;
  /** A node that takes topic creation and the like. */
  controller(options?: { fresh?: boolean }): Promise<number>;
  /** Closes the sockets of a lane that is not used any more. */
  release(lane: string): void;
  /** Whom the broker takes this client for: `User:alice`. */
  readonly principal: string;
  /** 0 <= x < 1, for jitter. */
  readonly random: () => number;
  /** Where this client is, as brokers name it in broker.rack. */
  readonly rack: string | undefined;
  /** ms the caller may go on repeating one thing. */
  readonly requestTimeoutMs: number;
  /** ms after which what is known of a topic is looked up again. */
  readonly metadataMaxAgeMs: number;
  /** Readers, producers and members that have not been closed: the transport closes them before the connection. */
  readonly inUse: Set<InUse>;
  /** Aborted, with TRANSPORT_CLOSED, when the connection ends. */
  readonly closed: AbortSignal;
  /** Drops every socket at once. */
  crash(): void;
  close(): Promise<void>;
}

export interface InUse {
  readonly kind: 'member' | 'reader' | 'producer';
  close(): Promise<void>;
}

export interface TopicMetadata {
  readonly topic: string;
  readonly topicId: Buffer;
  /** By partition number. */
  readonly partitions: readonly PartitionMetadata[];
}

export function openConnection(config: KafkaConfig, clock: Clock): Connection {
  return new KafkaConnection(config, clock);
}

class KafkaConnection implements Connection {
  readonly random: () => number;
  readonly rack: string | undefined;
  readonly requestTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  readonly inUse: Set<InUse> = new Set();
  readonly #clock: Clock;
  readonly #connectTimeoutMs: number;
  readonly #principal: Principal;
  readonly #bridge: KafkajsBridge;
  readonly #sockets: BrokerSockets;
  readonly #view: ClusterView;
  readonly #coordinators = new Map<string, number>();

  constructor(config: KafkaConfig, clock: Clock) {
    const bootstrap = checkConfig(config);
    this.random = config.random ?? (() => randomInt(2 ** 32) / 2 ** 32);
    this.rack = config.rack;
    this.requestTimeoutMs = config.requestTimeoutMs ?? 30_000;
    this.#connectTimeoutMs = config.connectTimeoutMs ?? 8_000;
    this.metadataMaxAgeMs = config.metadataMaxAgeMs ?? 300_000;
    this.#clock = clock;
    this.#principal = new Principal(config);
    this.#bridge = kafkajsBridge(this.#principal.config);
    const { random } = this;
    const settings = {
      clientId: config.clientId ?? 'millrace',
      connectTimeoutMs: this.#connectTimeoutMs,
      random,
    };
    this.#sockets = new BrokerSockets(this.#bridge, settings, clock);
    this.#view = new ClusterView(
      this.#sockets,
      bootstrap,
      this.requestTimeoutMs,
      this.metadataMaxAgeMs,
      random,
      clock,
      this.#principal,
    );
  }

  async open(): Promise<void> {
    await this.#bridge.check();
    const attempts = new Attempts(this.#clock, this.random, this.#connectTimeoutMs, this.closed);
    for (;;) {
      try {
        return await this.#view.open(attempts);
      } catch (error) {
        if (!isUnreachable(error) || attempts.last) throw error;
        await attempts.pause();
      }
    }
  }

  send<T>(
    node: number,
    lane: string,
    request: Request<T>,
    timeoutMs: number = this.requestTimeoutMs,
  ): Promise<T> {
    return this.#sockets.send(node, lane, request, timeoutMs);
  }

  topics(
    names: readonly string[],
    options?: { fresh?: boolean },
  ): Promise<ReadonlyMap<string, TopicMetadata>> {
    return this.#view.topics(names, options?.fresh === true);
  }

  known(topic: string): TopicMetadata | undefined {
    return this.#view.known(topic);
  }

  async coordinator(kind: CoordinatorKind, key: string, options?: { fresh?: boolean }): Promise<number> {
    const known = this.#coordinators.get(`${kind} ${key}`);
    if (known !== undefined && options?.fresh !== true) return known;
    const attempts = new Attempts(this.#clock, this.random, this.requestTimeoutMs, this.closed);
    for (;;) {
      const found = await this.#view.ask(findCoordinator(kind, key));
      if (found.errorCode === 0) {
        this.#sockets.learn(found.node, found);
        this.#coordinators.set(`${kind} ${key}`, found.node);
        return found.node;
      }
      const { errorCode } = found;
      if (!isRepeatable(remedyOf('FindCoordinator', errorCode)) || attempts.last) {
        throw refused('FindCoordinator', errorCode, `the coordinator of ${kind} ${key} was not found`, {
          ...(kind === 'group' ? { group: key } : { transactionalId: key }),
          operation: 'Describe',
          principal: this.principal,
          message: found.errorMessage,
        });
      }
      await attempts.pause();
    }
  }

  controller(options?: { fresh?: boolean }): Promise<number> {
    return this.#view.controller(options?.fresh === true);
  }

  release(lane: string): void {
    this.#sockets.releaseLane(lane);
  }

  get principal(): string {
    return this.#principal.name;
  }

  get closed(): AbortSignal {
    return this.#sockets.closed;
  }

  crash(): void {
    this.inUse.clear();
    this.#sockets.end();
  }

  async close(): Promise<void> {
    this.#sockets.end();
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof RequestLost && error.code === 'BROKER_UNREACHABLE';
}
