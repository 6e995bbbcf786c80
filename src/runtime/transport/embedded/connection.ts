import { MillraceError } from '../../../errors.ts';
import { type Clock, delay } from '../../clock.ts';
import type { Call, Fault, Faults } from './faults.ts';

/** ms a client waits for an answer before it takes it for lost. */
const requestTimeoutMs = 30_000;
/** ms a client goes on repeating a call before it gives up. */
const deliveryTimeoutMs = 120_000;
const retryBackoffMs = 100;

/** A reader, a producer or a member. */
interface Resource {
  close(): Promise<void>;
  crashed(): void;
}

type Request = Omit<Call, 'clientId'>;

/**
 * What lies between a client and the broker. A call takes effect at once and is answered in the next microtask, unless
 * faults are injected, the client stands still or is gone: all waiting is on the clock.
 */
export class Connection {
  readonly clientId: string;
  readonly clock: Clock;
  /** Partitions of the topics this client has described or created. */
  readonly known: Map<string, number> = new Map();
  readonly #faults: Faults | undefined;
  readonly #closed = new AbortController();
  readonly #resources = new Set<Resource>();
  #pausedUntil = 0;

  constructor(clientId: string, clock: Clock, faults: Faults | undefined) {
    this.clientId = clientId;
    this.clock = clock;
    this.#faults = faults;
  }

  /** Aborted, with the error for whoever uses it still, when the connection ends. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** What lives on this connection, until it says that it has ended. */
  opened(resource: Resource): void {
    this.#resources.add(resource);
  }

  ended(resource: Resource): void {
    this.#resources.delete(resource);
  }

  get resources(): readonly Resource[] {
    return [...this.#resources];
  }

  /** At once, as when its process is killed. */
  crash(): void {
    this.#closed.abort(transportClosed());
    for (const resource of this.resources) resource.crashed();
    this.#resources.clear();
  }

  check(): void {
    if (this.#closed.signal.aborted) throw this.#closed.signal.reason;
  }

  /** The whole client stands still for `ms`, as a stopped process: its calls go out, and come back, only then. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.clock.monotonic() + ms);
  }

  /** One attempt. Rejects with BROKER_UNREACHABLE when nothing happened, OUTCOME_UNKNOWN when nobody knows. */
  async call<T>(
    call: Request,
    effect: () => T | Promise<T>,
    timeoutMs: number = requestTimeoutMs,
  ): Promise<T> {
    this.check();
    const fault = this.#fault(call);
    if (fault !== undefined) return this.#faulty(call, fault, effect, timeoutMs);
    if (this.#isPaused()) await this.#whilePaused();
    const answer = effect();
    return answer instanceof Promise ? this.#answered(answer) : answer;
  }

  /** Repeats the call until it is answered; for calls that may take effect more than once. */
  async insist<T>(call: Request, effect: () => T | Promise<T>, timeoutMs?: number): Promise<T> {
    const deadline = this.clock.monotonic() + deliveryTimeoutMs;
    for (;;) {
      try {
        return await this.call(call, effect, timeoutMs);
      } catch (error) {
        if (!isTransient(error) || this.clock.monotonic() >= deadline) throw error;
        await this.backoff();
      }
    }
  }

  backoff(): Promise<void> {
    return delay(this.clock, retryBackoffMs, this.closed);
  }

  /** For calls that only read: ms until an answer can be had. */
  hold(call: Request): number {
    const fault = this.#fault(call);
    const paused = Math.max(0, this.#pausedUntil - this.clock.monotonic());
    switch (fault?.kind) {
      case undefined:
      case 'pauseClient':
        return paused;
      case 'refuse':
        return paused + retryBackoffMs;
      case 'delayRequest':
      case 'delayResponse':
        return paused + fault.ms;
      default:
        return paused + requestTimeoutMs;
    }
  }

  #fault(call: Request): Fault | undefined {
    if (this.#faults === undefined) return undefined;
    const fault = this.#faults.on({ ...call, clientId: this.clientId });
    if (fault?.kind === 'pauseClient') this.pause(fault.ms);
    return fault;
  }

  async #faulty<T>(call: Request, fault: Fault, effect: () => T | Promise<T>, timeoutMs: number): Promise<T> {
    if (fault.kind === 'delayRequest') await delay(this.clock, fault.ms, this.closed);
    await this.#whilePaused();
    if (fault.kind === 'refuse') {
      throw new MillraceError('BROKER_UNREACHABLE', `the broker cannot answer ${call.api} now`, {
        next: tryAgain,
      });
    }
    if (fault.kind === 'loseRequest') {
      if (fault.arrivesAfterMs !== undefined) this.#late(effect, fault.arrivesAfterMs);
      throw await this.#unanswered(call, timeoutMs);
    }
    const answer = effect();
    if (fault.kind === 'loseResponse') {
      // Nobody is left to hear how it ends.
      if (answer instanceof Promise) answer.catch(() => undefined);
      throw await this.#unanswered(call, timeoutMs);
    }
    if (fault.kind === 'delayResponse') await delay(this.clock, fault.ms, this.closed);
    return this.#answered(Promise.resolve(answer));
  }

  #late<T>(effect: () => T | Promise<T>, ms: number): void {
    this.clock.after(ms, () => {
      // The client has given up: how a request that comes too late ends is told to nobody.
      void (async () => effect())().catch(() => undefined);
    });
  }

  async #unanswered(call: Request, timeoutMs: number): Promise<MillraceError> {
    await delay(this.clock, timeoutMs, this.closed);
    return new MillraceError('OUTCOME_UNKNOWN', `the broker did not answer ${call.api}`, { next: tryAgain });
  }

  /** The answer, once the client goes on; the end of the connection if that comes first. */
  async #answered<T>(answer: Promise<T>): Promise<T> {
    const value = await this.#orClosed(answer);
    await this.#whilePaused();
    this.check();
    return value;
  }

  #orClosed<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(this.closed.reason);
      this.closed.addEventListener('abort', ended, { once: true });
      const answered = (): void => this.closed.removeEventListener('abort', ended);
      answer.then(resolve, reject).then(answered, answered);
    });
  }

  #isPaused(): boolean {
    return this.#pausedUntil > this.clock.monotonic();
  }

  async #whilePaused(): Promise<void> {
    while (this.#isPaused()) {
      await delay(this.clock, this.#pausedUntil - this.clock.monotonic(), this.closed);
    }
  }
}

const tryAgain = 'Try again.';

export function transportClosed(): MillraceError {
  return new MillraceError('TRANSPORT_CLOSED', 'the connection to the embedded broker is closed', {
    next: 'Open another transport.',
  });
}

/** Repeating the call may cure it. */
export function isTransient(error: unknown): boolean {
  return (error instanceof MillraceError && error.code === 'BROKER_UNREACHABLE') || isUnknown(error);
}

/** The call may have taken effect or not. */
export function isUnknown(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'OUTCOME_UNKNOWN';
}
