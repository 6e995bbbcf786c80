import { type Clock, delay } from '../../../../src/runtime/clock.ts';
import type { Connection, TopicMetadata } from '../../../../src/runtime/transport/kafka/connection.ts';
import { Decoder } from '../../../../src/runtime/transport/kafka/protocol/decoder.ts';
import { Encoder } from '../../../../src/runtime/transport/kafka/protocol/encoder.ts';
import type { Request } from '../../../../src/runtime/transport/kafka/protocol/request.ts';
import { RequestLost } from '../../../../src/runtime/transport/kafka/requestLost.ts';
import { answerListOffsets, answerProduce, type Served, transactionAnswers } from './modelAnswers.ts';
import { ModelConnection } from './modelConnection.ts';
import { ModelCoordinator } from './modelCoordinator.ts';
import { type FetchRequest, readFetch, serveFetch } from './modelFetch.ts';
import { ModelLog, newTopicId } from './modelLog.ts';
import { ModelSessions } from './modelSessions.ts';

export const api = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  init: 22,
  addPartitions: 24,
  addOffsets: 25,
  endTxn: 26,
  offsets: 28,
};

/**
 * What becomes of a request: an error code as its answer and no effect; never sent; done, but the answer is lost; the
 * connection breaks and it is done all the same, but only so many ms later; done (what is written), and an error code as its
 * answer. Whatever is lost takes with it what was sent
 * behind it on the same connection: not sent, or done, as it was.
 */
export type Fault =
  | number
  | 'not sent'
  | 'answer lost'
  | { readonly doneAfterMs: number }
  | { readonly doneAndSaid: number }
  | undefined;

export interface Call {
  readonly node: number;
  readonly lane: string;
  readonly apiKey: number;
  /** How many of this API there were before. */
  readonly before: number;
  /** Bytes of the body. */
  readonly bytes: number;
}

/**
 * A cluster in memory behind the port that the data path uses: it reads the bytes of each request, keeps logs as brokers do,
 * with their checks, and fails on demand. For what one real broker cannot be made to do.
 */
export class ModelCluster implements Connection {
  requestTimeoutMs = 30_000;
  metadataMaxAgeMs = 300_000;
  readonly principal = 'User:tester';
  rack: string | undefined;
  readonly random: () => number;
  readonly transactions: ModelCoordinator;
  readonly logs: Map<string, ModelLog[]> = new Map();
  readonly calls: Call[] = [];
  readonly released: string[] = [];
  readonly inUse: Connection['inUse'] = new Set();
  /** What was asked for, of fetches that arrived. */
  readonly fetched: (FetchRequest & { readonly node: number })[] = [];
  /** Of the bodies of answers to fetches. */
  answeredBytes = 0;
  /** Nodes that take requests and do not answer, as a process does that was stopped. */
  readonly hung: Set<number> = new Set();
  fault: (call: Call) => Fault = () => undefined;
  latencyMs = 1;
  /** Of topics, that were not answered from memory. */
  lookups = 0;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  readonly #known = new Map<string, TopicMetadata>();
  readonly #asOf = new Map<string, number>();
  readonly #connections = new Map<string, ModelConnection>();
  readonly #sessions = new Map<number, ModelSessions>();
  #waiting: (() => void)[] = [];

  constructor(clock: Clock, random: () => number = () => 0.5) {
    this.#clock = clock;
    this.random = random;
    this.transactions = new ModelCoordinator(clock);
  }

  get closed(): AbortSignal {
    return this.#ended.signal;
  }

  /** One partition for each leader. */
  topic(topic: string, ...leaders: readonly number[]): ModelLog[] {
    const topicId = newTopicId();
    const logs = leaders.map((leader, partition) => new ModelLog(topic, partition, leader, topicId));
    this.logs.set(topic, logs);
    return logs;
  }

  addPartitions(topic: string, ...leaders: readonly number[]): void {
    const logs = this.logs.get(topic)!;
    for (const leader of leaders) logs.push(new ModelLog(topic, logs.length, leader));
  }

  sessions(node: number): ModelSessions {
    const known = this.#sessions.get(node);
    if (known !== undefined) return known;
    const made = new ModelSessions();
    this.#sessions.set(node, made);
    return made;
  }

  async send<T>(node: number, lane: string, request: Request<T>, timeoutMs = 30_000): Promise<T> {
    if (this.closed.aborted) throw closedError();
    const before = this.calls.filter(({ apiKey }) => apiKey === request.apiKey).length;
    const bytes = bodyOf(request);
    const call = { node, lane, apiKey: request.apiKey, before, bytes: bytes.length };
    this.calls.push(call);
    const fault = this.fault(call);
    if (this.hung.has(node)) {
      await delay(this.#clock, timeoutMs);
      throw new RequestLost('BROKER_UNREACHABLE', 'there was no answer', true);
    }
    const injected = typeof fault === 'number' ? fault : 0;
    const said = typeof fault === 'object' && 'doneAndSaid' in fault ? fault.doneAndSaid : undefined;
    const doIt = async (): Promise<Buffer> => {
      const answer = await this.#answer(node, request.apiKey, bytes, injected, said);
      this.#wake();
      return answer.toBuffer();
    };
    const answer = await this.#connection(node, lane).send(doIt, this.latencyMs, fault);
    if (this.closed.aborted) throw closedError();
    return request.parse(new Decoder(answer));
  }

  /** The one that is open: at most one per broker and lane, as in the real thing. */
  #connection(node: number, lane: string): ModelConnection {
    const key = `${node} ${lane}`;
    let connection = this.#connections.get(key);
    if (connection === undefined || connection.isBroken) {
      connection = new ModelConnection(this.#clock);
      this.#connections.set(key, connection);
    }
    return connection;
  }

  async topics(
    names: readonly string[],
    options?: { fresh?: boolean },
  ): Promise<ReadonlyMap<string, TopicMetadata>> {
    if (this.closed.aborted) throw closedError();
    const oldest = this.#clock.monotonic() - this.metadataMaxAgeMs;
    for (const name of names) {
      if (options?.fresh !== true && (this.#asOf.get(name) ?? Number.NEGATIVE_INFINITY) >= oldest) continue;
      this.lookups++;
      this.#learn(name);
      if (this.#known.has(name)) this.#asOf.set(name, this.#clock.monotonic());
    }
    await delay(this.#clock, this.latencyMs);
    return new Map(names.flatMap((name) => (this.#known.has(name) ? [[name, this.#known.get(name)!]] : [])));
  }

  known(topic: string): TopicMetadata | undefined {
    return this.#known.get(topic);
  }

  async coordinator(): Promise<number> {
    return 1;
  }

  async controller(): Promise<number> {
    return 1;
  }

  release(lane: string): void {
    this.released.push(lane);
  }

  async open(): Promise<void> {}

  crash(): void {
    this.#ended.abort(closedError());
    this.#wake();
  }

  async close(): Promise<void> {
    this.crash();
  }

  /** Something was written: fetches that wait look again. */
  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #answer(
    node: number,
    apiKey: number,
    bytes: Buffer,
    injected: number,
    said: number | undefined,
  ): Promise<Encoder> {
    const log = (topic: string, partition: number) => this.logs.get(topic)?.[partition];
    const served: Served = { node, log, coordinator: this.transactions };
    const request = new Decoder(bytes);
    if (apiKey === api.produce) return answerProduce(request, served, injected, said);
    if (apiKey === api.listOffsets) return answerListOffsets(request, served, injected);
    if (apiKey !== api.fetch) return transactionAnswers[apiKey]!(request, served, injected);
    const asked = readFetch(request);
    this.fetched.push({ ...asked, node });
    const byId = (topicId: string, partition: number) =>
      [...this.logs.values()].flat().find((one) => one.topicId === topicId && one.partition === partition);
    const fetching = serveFetch(asked, { node, log: byId, sessions: this.sessions(node) }, injected);
    const deadline = this.#clock.monotonic() + fetching.maxWaitMs;
    while (!fetching.ready() && this.#clock.monotonic() < deadline && !this.closed.aborted) {
      await this.#change(Math.min(10, deadline - this.#clock.monotonic()));
    }
    const answer = fetching.answer();
    this.answeredBytes += answer.size;
    return answer;
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#waiting.push(() => {
        cancel();
        resolve();
      });
    });
  }

  #learn(name: string): void {
    const logs = this.logs.get(name);
    if (logs === undefined) {
      this.#asOf.delete(name);
      return void this.#known.delete(name);
    }
    const partitions = logs.map(({ partition, leader, leaderEpoch }) => ({
      partition,
      leader,
      leaderEpoch,
      errorCode: 0,
      replicas: [],
      inSync: [],
    }));
    this.#known.set(name, { topic: name, topicId: Buffer.from(logs[0]!.topicId, 'hex'), partitions });
  }
}

function bodyOf(request: Request<unknown>): Buffer {
  const encoder = new Encoder();
  request.body(encoder);
  return Buffer.from(encoder.toBuffer());
}

function closedError(): RequestLost {
  return new RequestLost('TRANSPORT_CLOSED', 'the connection was closed', false);
}
