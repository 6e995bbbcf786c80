import type { Clock } from '../../clock.ts';
import type { BrokerSocket } from './brokerSocket.ts';
import type { Request } from './protocol/request.ts';
import type { RequestLost } from './requestLost.ts';

interface Waiting {
  readonly go: (socket: BrokerSocket) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The way to one broker for one kind of request: a socket at a time, opened when first needed, again after each loss, and anew
 * before the broker asks for new credentials or takes it for idle. Requests arrive in the order they are sent, also across
 * sockets: the first on a new one waits for the last answer on the old one, or a later batch of an idempotent producer could
 * overtake an earlier one.
 */
export class BrokerLane {
  readonly #open: (connectTimeoutMs?: number) => Promise<BrokerSocket>;
  readonly #clock: Clock;
  #socket: BrokerSocket | undefined;
  #isOpening = false;
  #waiting: Waiting[] = [];
  #isRetired = false;
  #ended: ((mayHaveArrived: boolean) => RequestLost) | undefined;

  /** `open` makes one attempt. */
  constructor(open: (connectTimeoutMs?: number) => Promise<BrokerSocket>, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  get connected(): boolean {
    return this.#socket?.open === true;
  }

  /** One attempt. Without a promise more than needed while the socket is open. */
  send<T>(request: Request<T>, timeoutMs: number): Promise<T> {
    const socket = this.#usable();
    if (socket !== undefined) return socket.send(request, timeoutMs);
    return new Promise<T>((resolve, reject) => {
      const go = (opened: BrokerSocket) => opened.send(request, timeoutMs).then(resolve, reject);
      this.#wait({ go, reject });
    });
  }

  /** The socket, opened if need be. */
  socket(connectTimeoutMs?: number): Promise<BrokerSocket> {
    const socket = this.#usable();
    if (socket !== undefined) return Promise.resolve(socket);
    return new Promise((resolve, reject) => this.#wait({ go: resolve, reject }, connectTimeoutMs));
  }

  /** Closes once what is under way is answered. The lane is not used any more. */
  retire(): void {
    this.#isRetired = true;
    this.#socket?.retire();
    this.#socket = undefined;
  }

  /** Closes at once. */
  end(lost: (mayHaveArrived: boolean) => RequestLost): void {
    this.#ended = lost;
    this.#socket?.end(lost);
    for (const { reject } of this.#waiting.splice(0)) reject(lost(false));
  }

  #usable(): BrokerSocket | undefined {
    const socket = this.#socket;
    if (socket === undefined || !socket.open) return undefined;
    const now = this.#clock.monotonic();
    if (now < socket.renewAt && !socket.isIdle(now)) return socket;
    if (now >= socket.expiresAt || socket.isIdle(now)) return undefined;
    this.#connect();
    return socket;
  }

  #wait(waiting: Waiting, connectTimeoutMs?: number): void {
    this.#waiting.push(waiting);
    this.#connect(connectTimeoutMs);
  }

  #connect(connectTimeoutMs?: number): void {
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#open(connectTimeoutMs).then(
      (opened) => this.#replaceBy(opened),
      (error) => {
        this.#isOpening = false;
        // Nobody waits where this was a renewal ahead of time: the next request tries again, until the old socket expires.
        for (const { reject } of this.#waiting.splice(0)) reject(error);
      },
    );
  }

  #replaceBy(opened: BrokerSocket): void {
    const old = this.#socket;
    this.#socket = undefined;
    if (old === undefined) this.#use(opened);
    else old.retire(() => this.#use(opened));
  }

  #use(opened: BrokerSocket): void {
    this.#isOpening = false;
    if (this.#ended !== undefined) {
      opened.end(this.#ended);
      return;
    }
    if (!this.#isRetired) this.#socket = opened;
    for (const { go } of this.#waiting.splice(0)) go(opened);
    if (this.#isRetired) opened.retire();
  }
}
