import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { Decoder } from '../../../../src/runtime/transport/kafka/protocol/decoder.ts';
import { Encoder } from '../../../../src/runtime/transport/kafka/protocol/encoder.ts';
import { ResponseFrames } from '../../../../src/runtime/transport/kafka/responseFrames.ts';

export const api = {
  listOffsets: 2,
  metadata: 3,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  leaveGroup: 13,
  syncGroup: 14,
  apiVersions: 18,
  createTopics: 19,
  addPartitionsToTxn: 24,
} as const;

/** What to do with a request: the body of an answer, no answer, or the end of the connection. */
export type Answer = ((encoder: Encoder) => void) | 'silence' | 'close';
export type Script = (body: Decoder) => Answer;

/** Versions from which a response header carries tagged fields, of the APIs these tests speak. */
const flexibleFrom: Readonly<Record<number, number>> = {
  [api.metadata]: 9,
  [api.offsetFetch]: 6,
  [api.findCoordinator]: 3,
};

/** A TCP server that speaks as much of Kafka's protocol as a test tells it to: for what a real broker does not do on demand. */
export class ScriptedBroker {
  readonly scripts: Map<number, Script> = new Map();
  /** API keys in the order they came, ApiVersions aside. */
  readonly received: number[] = [];
  readonly sockets: Set<Socket> = new Set();
  /** How often somebody has connected. */
  connections = 0;
  /** Highest version of AddPartitionsToTxn: 4 since 3.6. */
  newest = 4;
  /** Is given answers in place of the client, to deliver them later. */
  hold: ((deliver: () => void) => void) | undefined;
  port = 0;
  readonly #server: Server;
  #waiting: { apiKey: number; times: number; resolve: () => void }[] = [];

  private constructor(tls: TlsOptions | undefined) {
    const serve = (socket: Socket) => this.#serve(socket);
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    this.#server.on('tlsClientError', () => {}); // what a test is after
    this.scripts.set(api.apiVersions, () => this.#versions());
    this.scripts.set(api.metadata, () => cluster([{ id: 1, port: this.port }], []));
    this.scripts.set(api.findCoordinator, () => coordinator(1, this.port));
  }

  static async start(tls?: TlsOptions, port = 0): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(tls);
    await new Promise<void>((resolve) => broker.#server.listen(port, '127.0.0.1', resolve));
    broker.port = (broker.#server.address() as { port: number }).port;
    return broker;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves when a request has come so many times, counted from the start. */
  arrived(apiKey: number, times = 1): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ apiKey, times, resolve });
      this.#wake();
    });
  }

  cutConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cutConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {}); // the client may cut it off
    const frames = new ResponseFrames((frame) => this.#answer(socket, new Decoder(frame)));
    socket.on('data', (chunk: Buffer) => {
      try {
        frames.push(chunk);
      } catch {
        socket.destroy(); // as a broker does with what is no request
      }
    });
  }

  #answer(socket: Socket, request: Decoder): void {
    const [apiKey, version, correlationId] = [request.int16(), request.int16(), request.int32()];
    request.nullableString(); // client id
    const flexible = version >= (flexibleFrom[apiKey] ?? Number.POSITIVE_INFINITY);
    if (flexible) request.tags();
    const script = this.scripts.get(apiKey);
    if (script === undefined) throw new Error(`no script for API ${apiKey}`);
    if (apiKey !== api.apiVersions) this.received.push(apiKey);
    const answer = script(request);
    if (answer === 'close') socket.destroy();
    else if (answer !== 'silence') {
      const encoder = new Encoder().int32(correlationId);
      if (flexible) encoder.noTags();
      answer(encoder);
      const body = encoder.toBuffer();
      const frame = Buffer.concat([new Encoder().int32(body.length).toBuffer(), body]);
      const deliver = () => void socket.write(frame);
      if (this.hold === undefined) deliver();
      else this.hold(deliver);
    }
    this.#wake();
  }

  #versions(): Answer {
    const keys = Array.from({ length: 40 }, (_, key) => key);
    return (encoder) =>
      encoder
        .int16(0)
        .array(keys, (key) =>
          encoder
            .int16(key)
            .int16(0)
            .int16(key === api.addPartitionsToTxn ? this.newest : 20),
        )
        .int32(0);
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter(({ apiKey, times, resolve }) => {
      const isThere = this.received.filter((key) => key === apiKey).length >= times;
      if (isThere) resolve();
      return !isThere;
    });
  }
}

interface ScriptedTopic {
  readonly topic: string;
  readonly errorCode?: number;
  /** Leader of each partition. */
  readonly leaders?: readonly number[];
  readonly leaderEpoch?: number;
  /** Another one for a topic that was created anew. */
  readonly id?: number;
}

/** A metadata answer. */
export function cluster(
  nodes: readonly { id: number; host?: string; port: number }[],
  topics: readonly ScriptedTopic[],
): Answer {
  return (encoder) =>
    encoder
      .int32(0)
      .compactArray(nodes, ({ id, host = '127.0.0.1', port }) =>
        encoder.int32(id).compactString(host).int32(port).compactNullableString(null).noTags(),
      )
      .compactNullableString(null)
      .int32(nodes[0]?.id ?? -1)
      .compactArray(topics, ({ topic, errorCode = 0, leaders = [], leaderEpoch = 0, id = 1 }) =>
        encoder
          .int16(errorCode)
          .compactString(topic)
          .uuid(Buffer.alloc(16, id))
          .boolean(false)
          .compactArray(
            leaders.map((leader, partition) => ({ leader, partition })),
            ({ leader, partition }) =>
              encoder
                .int16(leader < 0 ? 5 : 0)
                .int32(partition)
                .int32(leader)
                .int32(leaderEpoch)
                .compactArray([], () => {})
                .compactArray([], () => {})
                .compactArray([], () => {})
                .noTags(),
          )
          .int32(0)
          .noTags(),
      )
      .noTags();
}

/** A coordinator answer. */
export function coordinator(node: number, port: number, errorCode = 0): Answer {
  return (encoder) =>
    encoder
      .int32(0)
      .compactArray([0], () =>
        encoder
          .compactString('key')
          .int32(node)
          .compactString('127.0.0.1')
          .int32(port)
          .int16(errorCode)
          .compactNullableString(null)
          .noTags(),
      )
      .noTags();
}
