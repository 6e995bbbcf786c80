import { type Clock, delay } from '../../../../src/runtime/clock.ts';
import { RequestLost } from '../../../../src/runtime/transport/kafka/requestLost.ts';
import type { Fault } from './modelCluster.ts';

/** ms until a client hears that its connection is broken. */
const connectionBreaksMs = 20;

/**
 * A connection to one broker: requests are done and answered in the order they are sent. When it breaks, all that wait for
 * an answer are lost at the same time; the broker may still do what it had received.
 */
export class ModelConnection {
  readonly #clock: Clock;
  readonly #broken = new AbortController();
  /** What the broker does last. */
  #last: Promise<unknown> = Promise.resolve();
  /** Nothing sent from here on reaches the broker. */
  #isCut = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isBroken(): boolean {
    return this.#broken.signal.aborted;
  }

  async send(doIt: () => Promise<Buffer>, latencyMs: number, fault: Fault): Promise<Buffer> {
    if (fault === 'not sent') this.#isCut = true;
    if (this.#isCut) {
      await delay(this.#clock, latencyMs);
      this.#break();
      throw lost(false);
    }
    const lateMs = typeof fault === 'object' && 'doneAfterMs' in fault ? fault.doneAfterMs : 0;
    if (lateMs > 0) this.#clock.after(connectionBreaksMs, () => this.#break());
    const done = Promise.all([this.#last, delay(this.#clock, latencyMs + lateMs)]).then(doIt);
    this.#last = done.catch(() => {});
    const answer = await this.#unlessBroken(done);
    await this.#unlessBroken(delay(this.#clock, latencyMs));
    if (fault !== 'answer lost') return answer;
    this.#break();
    throw lost(true);
  }

  #break(): void {
    this.#isCut = true;
    this.#broken.abort(lost(true));
  }

  #unlessBroken<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#broken;
    return new Promise((resolve, reject) => {
      const broken = (): void => reject(signal.reason);
      if (signal.aborted) return broken();
      signal.addEventListener('abort', broken, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', broken));
    });
  }
}

function lost(mayHaveArrived: boolean): RequestLost {
  return new RequestLost('BROKER_UNREACHABLE', 'the answer was lost', mayHaveArrived);
}
