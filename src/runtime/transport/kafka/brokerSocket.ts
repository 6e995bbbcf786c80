import type { Socket } from 'node:net';
import { MillraceError } from '../../../errors.ts';
import type { Clock } from '../../clock.ts';
import { Decoder } from './protocol/decoder.ts';
import { Encoder } from './protocol/encoder.ts';
import type { Request } from './protocol/request.ts';
import { RequestLost } from './requestLost.ts';
import { ResponseFrames } from './responseFrames.ts';

interface Pending {
  readonly correlationId: number;
  readonly flexible: boolean;
  readonly parse: (decoder: Decoder) => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly stopTimer: () => void;
}

/** The error for a request that gets no answer: one that was sent already may have arrived. */
type Lost = (mayHaveArrived: boolean) => RequestLost;

/** ms without a request after which a socket is not used again: a broker cuts it off after ten minutes, maybe just then. */
const longestIdleMs = 540_000;

/** Which versions of an API the broker speaks, by API key. */
export type ApiVersions = ReadonlyMap<number, { readonly min: number; readonly max: number }>;

export interface BrokerSocketOptions {
  readonly socket: Socket;
  readonly address: string;
  readonly clientId: string;
  readonly versions: ApiVersions;
  /** Infinity: never, as is `expiresAt`. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/**
 * One authenticated socket to one broker. Requests are answered in the order they are sent, so an answer that does not come
 * also holds up all that follow: a timeout ends the socket.
 */
export class BrokerSocket {
  readonly address: string;
  /** On the monotonic clock: when to open the next one, since the broker is going to ask for new credentials. */
  readonly renewAt: number;
  /** On the monotonic clock: when this one is not to be used any more, since the broker would cut it off. */
  readonly expiresAt: number;
  readonly #socket: Socket;
  readonly #clientId: string;
  readonly #clock: Clock;
  readonly #pending: Pending[] = [];
  readonly #versions: ApiVersions;
  #correlationId = 0;
  #lastUsed: number;
  #ended: Lost | undefined;
  #drained: (() => void) | undefined;

  constructor(options: BrokerSocketOptions, clock: Clock) {
    const { socket } = options;
    this.address = options.address;
    this.renewAt = options.renewAt;
    this.expiresAt = options.expiresAt;
    this.#socket = socket;
    this.#clientId = options.clientId;
    this.#versions = options.versions;
    this.#clock = clock;
    this.#lastUsed = clock.monotonic();
    const frames = new ResponseFrames((frame) => this.#answer(frame));
    socket.on('data', (chunk: Buffer) => {
      try {
        frames.push(chunk);
      } catch (error) {
        this.#fail('sent what is no Kafka response', error);
      }
    });
    socket.on('error', (error) => this.#fail('failed', error));
    socket.on('end', () => this.#fail('was closed by the broker'));
    socket.on('close', () => this.#fail('was closed'));
    if (socket.destroyed) this.#fail('was closed');
  }

  get open(): boolean {
    return this.#ended === undefined;
  }

  /** Sends at once; rejects with RequestLost when no answer comes in time or the socket ends before. */
  send<T>(request: Request<T>, timeoutMs: number): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended(false));
    this.#lastUsed = this.#clock.monotonic();
    return new Promise<T>((resolve, reject) => {
      this.#check(request);
      const correlationId = this.#correlationId;
      this.#correlationId = (correlationId + 1) & 0x7fffffff;
      const frame = encodeFrame(request, correlationId, this.#clientId);
      if (request.expectResponse === false) resolve(undefined as T);
      else {
        const timedOut = () => this.#fail(`did not answer within ${timeoutMs} ms`);
        this.#pending.push({
          correlationId,
          flexible: request.flexible === true,
          parse: request.parse,
          resolve: resolve as (answer: unknown) => void,
          reject,
          stopTimer: this.#clock.after(timeoutMs, timedOut),
        });
      }
      this.#socket.cork();
      for (const chunk of frame) this.#socket.write(chunk);
      this.#socket.uncork();
    });
  }

  /** Closes at once: whatever waits for an answer is rejected with `lost`, later requests too. */
  end(lost: Lost): void {
    if (this.#ended !== undefined) return;
    this.#ended = lost;
    this.#socket.destroy();
    for (const pending of this.#pending.splice(0)) {
      pending.stopTimer();
      pending.reject(lost(true));
    }
    this.#tellDrained();
  }

  /** Closes after the answers that are still owed, then calls back, once. */
  retire(closed: () => void = () => {}): void {
    this.#drained = () => {
      this.#fail('was closed');
      closed();
    };
    if (this.#pending.length === 0) this.#tellDrained();
  }

  /** Unused for so long that the broker may be about to cut it off. */
  isIdle(now: number): boolean {
    return this.#pending.length === 0 && now - this.#lastUsed >= longestIdleMs;
  }

  speaks(apiKey: number, version: number): boolean {
    const range = this.#versions.get(apiKey);
    return range !== undefined && range.min <= version && version <= range.max;
  }

  #check(request: Request<unknown>): void {
    if (this.speaks(request.apiKey, request.version)) return;
    const range = this.#versions.get(request.apiKey);
    throw new MillraceError(
      'UNSUPPORTED_BROKER',
      `broker ${this.address} does not speak a request millrace needs`,
      {
        expected: `API ${request.apiKey} version ${request.version}`,
        found: range === undefined ? 'no such API' : `versions ${range.min} to ${range.max}`,
        next: 'Use Apache Kafka 3.6 or newer, or a broker compatible with it.',
      },
    );
  }

  #answer(frame: Buffer): void {
    const decoder = new Decoder(frame);
    const correlationId = decoder.int32();
    const pending = this.#pending.shift();
    if (pending === undefined || pending.correlationId !== correlationId) {
      if (pending !== undefined) this.#pending.unshift(pending);
      throw new Error(`an answer to request ${correlationId}, expected ${pending?.correlationId ?? 'none'}`);
    }
    pending.stopTimer();
    try {
      if (pending.flexible) decoder.tags();
      pending.resolve(pending.parse(decoder));
    } catch (error) {
      pending.reject(error as Error);
    }
    if (this.#pending.length === 0) this.#tellDrained();
  }

  #tellDrained(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  #fail(why: string, cause?: unknown): void {
    const what = `the connection to broker ${this.address} ${why}`;
    const next = 'Check that the broker runs; millrace repeats what can be repeated.';
    this.end(
      (mayHaveArrived) => new RequestLost('BROKER_UNREACHABLE', what, mayHaveArrived, { cause, next }),
    );
  }
}

function encodeFrame(request: Request<unknown>, correlationId: number, clientId: string): readonly Buffer[] {
  const body = new Encoder();
  body.int32(0).int16(request.apiKey).int16(request.version).int32(correlationId).string(clientId);
  if (request.flexible === true) body.noTags();
  request.body(body);
  const chunks = body.chunks();
  chunks[0]!.writeInt32BE(body.size - 4, 0);
  return chunks;
}
