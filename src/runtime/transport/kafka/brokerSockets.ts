import { type Clock, delay } from '../../clock.ts';
import type { Address } from './address.ts';
import { backoffMs } from './backoff.ts';
import { BrokerLane } from './brokerLane.ts';
import { BrokerSocket } from './brokerSocket.ts';
import type { KafkajsBridge, OpenedSocket } from './kafkajsBridge.ts';
import type { Request } from './protocol/request.ts';
import { RequestLost } from './requestLost.ts';

interface BrokerNode {
  readonly address: Address;
  readonly lanes: Map<string, BrokerLane>;
  /** Attempts to connect that failed in a row. */
  failures: number;
  /** On the monotonic clock: no attempt before. */
  notBefore: number;
}

export interface SocketSettings {
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly random: () => number;
}

/** All sockets of one connection: at most one per broker and lane, opened when first needed and again after each loss. */
export class BrokerSockets {
  readonly #bridge: KafkajsBridge;
  readonly #settings: SocketSettings;
  readonly #clock: Clock;
  readonly #nodes = new Map<number, BrokerNode>();
  readonly #opening = new Set<AbortController>();
  readonly #closed = new AbortController();

  constructor(bridge: KafkajsBridge, settings: SocketSettings, clock: Clock) {
    this.#bridge = bridge;
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Aborted when every socket is given up for good. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  get ids(): readonly number[] {
    return [...this.#nodes.keys()];
  }

  address(id: number): string {
    const address = this.#nodes.get(id)?.address;
    return address === undefined ? `node ${id}` : `${address.host}:${address.port}`;
  }

  connected(id: number): boolean {
    const node = this.#nodes.get(id);
    return node !== undefined && [...node.lanes.values()].some((lane) => lane.connected);
  }

  /** Where a node is. One that has moved loses its sockets once they are idle. */
  learn(id: number, address: Address): void {
    const known = this.#nodes.get(id);
    if (known?.address.host === address.host && known.address.port === address.port) return;
    this.#nodes.set(id, { address, lanes: new Map(), failures: 0, notBefore: 0 });
    if (known !== undefined) retire(known);
  }

  /** A node that is gone: its sockets are closed once they are idle. */
  forget(id: number): void {
    this.release(id);
    this.#nodes.delete(id);
  }

  /** Closes the sockets to a node once they are idle; it stays known. */
  release(id: number): void {
    const node = this.#nodes.get(id);
    if (node !== undefined) retire(node);
  }

  releaseLane(name: string): void {
    for (const node of this.#nodes.values()) {
      node.lanes.get(name)?.retire();
      node.lanes.delete(name);
    }
  }

  /** One attempt. */
  send<T>(id: number, lane: string, request: Request<T>, timeoutMs: number): Promise<T> {
    const known = this.#nodes.get(id)?.lanes.get(lane);
    if (known !== undefined) return known.send(request, timeoutMs);
    const made = this.#lane(id, lane);
    return made instanceof BrokerLane ? made.send(request, timeoutMs) : Promise.reject(made);
  }

  /** The open socket, opened if need be; one attempt, after the pause that earlier failures have earned. */
  socket(id: number, lane: string, connectTimeoutMs: number): Promise<BrokerSocket> {
    const found = this.#lane(id, lane);
    return found instanceof BrokerLane ? found.socket(connectTimeoutMs) : Promise.reject(found);
  }

  /** Every socket at once; what waits for an answer is rejected with TRANSPORT_CLOSED. */
  end(): void {
    this.#closed.abort(closedError(false));
    for (const opening of this.#opening) opening.abort(this.closed.reason);
    for (const node of this.#nodes.values()) {
      for (const lane of node.lanes.values()) lane.end(closedError);
      node.lanes.clear();
    }
  }

  /** Why there is none, if there is none. */
  #lane(id: number, name: string): BrokerLane | RequestLost {
    if (this.closed.aborted) return this.closed.reason as RequestLost;
    const node = this.#nodes.get(id);
    if (node === undefined) return unknownNode(id);
    let lane = node.lanes.get(name);
    if (lane === undefined) {
      const { connectTimeoutMs } = this.#settings;
      lane = new BrokerLane((timeoutMs = connectTimeoutMs) => this.#open(node, timeoutMs), this.#clock);
      node.lanes.set(name, lane);
    }
    return lane;
  }

  async #open(node: BrokerNode, timeoutMs: number): Promise<BrokerSocket> {
    const controller = new AbortController();
    this.#opening.add(controller);
    const { signal } = controller;
    let stopTimer = () => {};
    try {
      const wait = node.notBefore - this.#clock.monotonic();
      if (wait > 0) await delay(this.#clock, wait, signal);
      stopTimer = this.#clock.after(timeoutMs, () => controller.abort(tooSlow(node.address, timeoutMs)));
      const opened = await this.#bridge.openSocket(node.address, signal);
      node.failures = 0;
      node.notBefore = 0;
      return this.#brokerSocket(node.address, opened);
    } catch (error) {
      node.notBefore = this.#clock.monotonic() + backoffMs(node.failures, this.#settings.random);
      node.failures++;
      throw error;
    } finally {
      stopTimer();
      this.#opening.delete(controller);
    }
  }

  /**
   * A broker that wants new credentials every so often gets them on a new socket, before the old one is cut off; sockets that
   * were opened together do not come back together.
   */
  #brokerSocket(
    { host, port }: Address,
    { socket, versions, sessionLifetimeMs }: OpenedSocket,
  ): BrokerSocket {
    const { clientId, random } = this.#settings;
    const now = this.#clock.monotonic();
    const lifetime = sessionLifetimeMs === 0 ? Number.POSITIVE_INFINITY : sessionLifetimeMs;
    const renewAt = now + lifetime * (0.6 + 0.15 * random());
    const expiresAt = now + lifetime * 0.85;
    const address = `${host}:${port}`;
    return new BrokerSocket({ socket, address, clientId, versions, renewAt, expiresAt }, this.#clock);
  }
}

function retire(node: BrokerNode): void {
  for (const lane of node.lanes.values()) lane.retire();
  node.lanes.clear();
}

function tooSlow({ host, port }: Address, ms: number): RequestLost {
  return new RequestLost(
    'BROKER_UNREACHABLE',
    `broker ${host}:${port} did not let millrace in within ${ms} ms`,
    false,
    {
      next: 'Check the address, that the broker runs, and whether it expects TLS or credentials.',
    },
  );
}

function unknownNode(id: number): RequestLost {
  return new RequestLost(
    'BROKER_UNREACHABLE',
    `there is no broker ${id} in what is known of the cluster`,
    false,
    {
      next: 'Look at the cluster again; the broker may have been removed.',
    },
  );
}

function closedError(mayHaveArrived: boolean): RequestLost {
  return new RequestLost('TRANSPORT_CLOSED', 'the connection to Kafka was closed', mayHaveArrived, {
    next: 'Open a new transport; this one is finished.',
  });
}
