import { type Clock, delay } from '../../clock.ts';
import type { Address } from './address.ts';
import { backoffMs } from './backoff.ts';
import { BrokerSocket } from './brokerSocket.ts';
import type { KafkajsBridge } from './kafkajsBridge.ts';
import type { Request } from './protocol/request.ts';
import { RequestLost } from './requestLost.ts';

interface BrokerNode {
  readonly address: Address;
  readonly lanes: Map<string, Lane>;
  /** Attempts to connect that failed in a row. */
  failures: number;
  /** On the monotonic clock: no attempt before. */
  notBefore: number;
}

interface Lane {
  socket: BrokerSocket | undefined;
  opening: Promise<BrokerSocket> | undefined;
  stopRenewal: () => void;
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
    return node !== undefined && [...node.lanes.values()].some((lane) => lane.socket?.open === true);
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
      const lane = node.lanes.get(name);
      if (lane !== undefined) retireLane(lane);
      node.lanes.delete(name);
    }
  }

  /** One attempt. Without a promise more than needed while the socket is open. */
  send<T>(id: number, laneName: string, request: Request<T>, timeoutMs: number): Promise<T> {
    const socket = this.#nodes.get(id)?.lanes.get(laneName)?.socket;
    if (socket?.open === true) return socket.send(request, timeoutMs);
    return this.socket(id, laneName).then((opened) => opened.send(request, timeoutMs));
  }

  /** The open socket, opened if need be; one attempt, after the pause that earlier failures have earned. */
  socket(
    id: number,
    laneName: string,
    connectTimeoutMs: number = this.#settings.connectTimeoutMs,
  ): Promise<BrokerSocket> {
    if (this.closed.aborted) return Promise.reject(this.closed.reason);
    const node = this.#nodes.get(id);
    if (node === undefined) return Promise.reject(unknownNode(id));
    const lane = laneOf(node, laneName);
    if (lane.socket?.open === true) return Promise.resolve(lane.socket);
    lane.opening ??= this.#open(node, lane, connectTimeoutMs).finally(() => {
      lane.opening = undefined;
    });
    return lane.opening;
  }

  /** Every socket at once; what waits for an answer is rejected with TRANSPORT_CLOSED. */
  end(): void {
    this.#closed.abort(closedError(false));
    for (const opening of this.#opening) opening.abort(this.closed.reason);
    for (const node of this.#nodes.values()) {
      for (const lane of node.lanes.values()) {
        lane.stopRenewal();
        lane.socket?.end(closedError);
      }
    }
  }

  async #open(node: BrokerNode, lane: Lane, timeoutMs: number): Promise<BrokerSocket> {
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
      const name = `${node.address.host}:${node.address.port}`;
      const socket = new BrokerSocket(
        opened.socket,
        name,
        this.#settings.clientId,
        opened.versions,
        this.#clock,
      );
      lane.socket = socket;
      lane.stopRenewal();
      lane.stopRenewal = this.#renewBefore(opened.sessionLifetimeMs, lane, socket);
      return socket;
    } catch (error) {
      node.notBefore = this.#clock.monotonic() + backoffMs(node.failures, this.#settings.random);
      node.failures++;
      throw error;
    } finally {
      stopTimer();
      this.#opening.delete(controller);
    }
  }

  /** A broker that wants new credentials every so often gets them on a new socket, before the old one is cut off. */
  #renewBefore(sessionLifetimeMs: number, lane: Lane, socket: BrokerSocket): () => void {
    if (sessionLifetimeMs === 0) return () => {};
    return this.#clock.after(sessionLifetimeMs * 0.8, () => {
      if (lane.socket === socket) lane.socket = undefined;
      socket.retire();
    });
  }
}

function laneOf(node: BrokerNode, name: string): Lane {
  let lane = node.lanes.get(name);
  if (lane === undefined) {
    lane = { socket: undefined, opening: undefined, stopRenewal: () => {} };
    node.lanes.set(name, lane);
  }
  return lane;
}

function retire(node: BrokerNode): void {
  for (const lane of node.lanes.values()) retireLane(lane);
}

/** One that is being opened is closed when it is there. */
function retireLane(lane: Lane): void {
  lane.stopRenewal();
  lane.socket?.retire();
  lane.socket = undefined;
  lane.opening?.then(
    (socket) => socket.retire(),
    () => {}, // whoever asked for it is told
  );
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
