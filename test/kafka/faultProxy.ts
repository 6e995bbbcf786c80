import { createServer, type Server, Socket } from 'node:net';
import { Decoder } from '../../src/runtime/transport/kafka/protocol/decoder.ts';
import { ResponseFrames } from '../../src/runtime/transport/kafka/responseFrames.ts';

export interface ProxyPlace {
  /** host:port where clients come: what the broker advertises. */
  readonly from: string;
  /** host:port where the broker listens. */
  readonly to: string;
}

/** A request on its way to a broker, as far as its header tells. */
export interface PassingRequest {
  /** Index of the broker in the list of places. */
  readonly broker: number;
  readonly apiKey: number;
  readonly version: number;
  /** How many of this API have come before, at any broker. */
  readonly before: number;
  /** Header and body, without the length in front. */
  readonly bytes: Buffer;
}

/**
 * What becomes of a request. 'pass': nothing. 'swallow': it never arrives, and nobody hangs up. 'cut': it never arrives,
 * and the client hears that its connection is closed. Otherwise it arrives, and the rest is up to what is given.
 */
export type Fate = 'pass' | 'swallow' | 'cut' | Delivered;

export interface Delivered {
  /** Called when the bytes are in the hands of the system, on their way to the broker. */
  readonly sent?: () => void;
  /** Called with the answer; it is held until this resolves. 'lose': the client gets the end of its connection instead. */
  readonly answered?: (answer: Buffer) => Promise<'pass' | 'lose'> | 'pass' | 'lose';
}

/** Decides about each request; those behind it on the same connection wait until it has resolved. */
export type Fault = (request: PassingRequest) => Fate | Promise<Fate>;

export interface FaultProxy {
  /** To be set by tests; at first everything passes. */
  fault: Fault;
  /** Ends every connection; new ones are taken. */
  cutConnections(): void;
  /** 'refuse': connections are closed and none is taken; 'freeze': bytes are neither read nor written; 'flow': as at first. */
  network(broker: number, how: 'flow' | 'freeze' | 'refuse'): void;
  close(): Promise<void>;
}

/**
 * Stands between clients and the brokers of a cluster (startKafka's `proxied`), knows one request from another, and does
 * with them what a test says: for faults that are to happen exactly when a request of some kind is on its way.
 */
export async function faultProxy(places: readonly ProxyPlace[]): Promise<FaultProxy> {
  const seen = new Map<number, number>();
  const proxy = { fault: (() => 'pass') as Fault };
  const decide = (broker: number, bytes: Buffer): Fate | Promise<Fate> => {
    const header = new Decoder(bytes);
    const [apiKey, version] = [header.int16(), header.int16()];
    const before = seen.get(apiKey) ?? 0;
    seen.set(apiKey, before + 1);
    return proxy.fault({ broker, apiKey, version, before, bytes });
  };
  const gates = places.map((place, broker) => new Gate(place, (bytes) => decide(broker, bytes)));
  await Promise.all(gates.map((gate) => gate.open()));
  return Object.assign(proxy, {
    cutConnections(): void {
      for (const gate of gates) gate.cut();
    },
    network: (broker: number, how: 'flow' | 'freeze' | 'refuse') => gates[broker]!.network(how),
    async close(): Promise<void> {
      await Promise.all(gates.map((gate) => gate.close()));
    },
  });
}

type Decide = (bytes: Buffer) => Fate | Promise<Fate>;

/** The proxy of one broker. */
class Gate {
  readonly #place: ProxyPlace;
  readonly #decide: Decide;
  readonly #server: Server;
  readonly #passages = new Set<Passage>();
  #network: 'flow' | 'freeze' | 'refuse' = 'flow';

  constructor(place: ProxyPlace, decide: Decide) {
    this.#place = place;
    this.#decide = decide;
    this.#server = createServer({ noDelay: true }, (client) => this.#enter(client));
  }

  open(): Promise<void> {
    const { host, port } = addressOf(this.#place.from);
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
  }

  cut(): void {
    for (const passage of this.#passages) passage.end();
  }

  network(how: 'flow' | 'freeze' | 'refuse'): void {
    this.#network = how;
    if (how === 'refuse') this.cut();
    for (const passage of this.#passages) passage.freeze(how === 'freeze');
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #enter(client: Socket): void {
    if (this.#network === 'refuse') return void client.destroy();
    const broker = new Socket();
    const passage = new Passage(client, broker, this.#decide, () => this.#passages.delete(passage));
    this.#passages.add(passage);
    broker.setNoDelay(true).connect(addressOf(this.#place.to));
    passage.freeze(this.#network === 'freeze');
  }
}

/** One connection of a client, and the one to the broker that belongs to it. */
class Passage {
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #decide: Decide;
  readonly #ended: () => void;
  /** Of requests under way, by correlation id. */
  readonly #answers = new Map<number, Delivered>();
  /** Requests, and answers, one after the other. */
  #requests: Promise<void> = Promise.resolve();
  #responses: Promise<void> = Promise.resolve();

  constructor(client: Socket, broker: Socket, decide: Decide, ended: () => void) {
    this.#client = client;
    this.#broker = broker;
    this.#decide = decide;
    this.#ended = ended;
    const requests = new ResponseFrames((frame) => {
      this.#requests = this.#requests.then(() => this.#request(frame)).catch(() => this.end());
    });
    const responses = new ResponseFrames((frame) => {
      this.#responses = this.#responses.then(() => this.#response(frame)).catch(() => this.end());
    });
    client.on('data', (chunk) => requests.push(chunk));
    broker.on('data', (chunk) => responses.push(chunk));
    for (const socket of [client, broker]) {
      socket.on('error', () => {}); // 'close' follows
      socket.on('close', () => this.end());
    }
  }

  freeze(frozen: boolean): void {
    for (const socket of [this.#client, this.#broker]) {
      if (frozen) socket.pause();
      else socket.resume();
    }
  }

  end(): void {
    this.#client.destroy();
    this.#broker.destroy();
    this.#ended();
  }

  async #request(bytes: Buffer): Promise<void> {
    const fate = await this.#decide(bytes);
    if (fate === 'swallow') return;
    if (fate === 'cut') return this.end();
    if (fate !== 'pass') this.#answers.set(correlationId(bytes, 4), fate);
    this.#broker.write(framed(bytes), () => {
      if (fate !== 'pass') fate.sent?.();
    });
  }

  async #response(bytes: Buffer): Promise<void> {
    const id = correlationId(bytes, 0);
    const fate = this.#answers.get(id);
    this.#answers.delete(id);
    if ((await fate?.answered?.(bytes)) === 'lose') return this.end();
    this.#client.write(framed(bytes));
  }
}

/** A request has its API key and version in front of it. */
function correlationId(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at);
}

function framed(bytes: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(4 + bytes.length);
  frame.writeInt32BE(bytes.length, 0);
  bytes.copy(frame, 4);
  return frame;
}

function addressOf(address: string): { host: string; port: number } {
  const [host, port] = address.split(':');
  return { host: host!, port: Number(port) };
}
