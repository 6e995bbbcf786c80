import type { Call, Fault, Faults } from '../../src/runtime/transport/embedded/faults.ts';
import type { Disturbance } from './disturbances.ts';
import type { WriteFault } from './simulatedDisk.ts';

/** Strikes calls and writes by their numbers, and keeps what has struck. */
export class Trouble implements Faults {
  isActive = false;
  readonly struck: Set<Disturbance> = new Set();
  readonly #calls: (Disturbance & { at: 'call' })[];
  readonly #writes: (Disturbance & { at: 'write' })[];
  readonly #counts = new Map<string, number>();
  readonly #crash: (instance: string, afterMs?: number) => void;
  /** Calls of these are refused while their coordinator moves. */
  readonly moving: Set<Disturbance & { at: 'move' }> = new Set();

  constructor(disturbances: readonly Disturbance[], crash: (instance: string, afterMs?: number) => void) {
    this.#calls = disturbances.filter((one) => one.at === 'call');
    this.#writes = disturbances.filter((one) => one.at === 'write');
    this.#crash = crash;
  }

  on({ api, clientId }: Call): Fault | undefined {
    if (!this.isActive) return undefined;
    const number = this.#count(api);
    const planned = this.#calls.find((one) => one.api === api && one.nth === number);
    if (planned !== undefined) {
      this.struck.add(planned);
      if (planned.killedAfterMs !== undefined) this.#crash(clientId, planned.killedAfterMs);
      return this.#by(planned.fault, clientId);
    }
    for (const move of this.moving) if (move.apis.includes(api)) return { kind: 'refuse' };
    // Instances meet in another order with each seed, and at each call.
    return number % 3 === 0 ? { kind: 'delayRequest', ms: (number * 7) % 9 } : undefined;
  }

  #by(fault: (Disturbance & { at: 'call' })['fault'], instance: string): Fault {
    if (fault === 'crash-before') this.#crash(instance);
    // The call takes effect as soon as this function is left.
    else if (fault === 'crash-after') void Promise.resolve().then(() => this.#crash(instance));
    else return fault;
    return { kind: fault === 'crash-before' ? 'loseRequest' : 'loseResponse' };
  }

  onWrite(machine: number): WriteFault {
    if (!this.isActive) return undefined;
    const number = this.#count(`machine ${machine}`);
    const planned = this.#writes.find((one) => one.machine === machine && one.nth === number);
    if (planned !== undefined) this.struck.add(planned);
    return planned?.fault;
  }

  #count(of: string): number {
    const number = (this.#counts.get(of) ?? 0) + 1;
    this.#counts.set(of, number);
    return number;
  }
}
