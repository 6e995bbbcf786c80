import type { Clock } from '../../src/runtime/clock.ts';
import { Broker } from '../../src/runtime/transport/embedded/broker.ts';
import { Connection, isUnknown } from '../../src/runtime/transport/embedded/connection.ts';
import type { Faults } from '../../src/runtime/transport/embedded/faults.ts';
import { memoryStorage } from '../../src/runtime/transport/embedded/memoryStorage.ts';
import { EmbeddedTransport } from '../../src/runtime/transport/embedded/transport.ts';
import type { Transport } from '../../src/runtime/transport/transport.ts';
import type { Broken } from './broken.ts';
import { type LateOffsets, lateOffsets } from './lateOffsets.ts';

/** ms without an answer: less than in production, since nothing else happens meanwhile. */
const requestTimeout = 3_000;

/** The broker, and how the instances reach it. */
export class Network {
  readonly clock: Clock;
  readonly broker: Broker;
  readonly offsets: LateOffsets;
  readonly #faults: Faults;
  readonly #broken: Broken | undefined;

  constructor(clock: Clock, faults: Faults, broken: Broken | undefined) {
    this.clock = clock;
    this.broker = new Broker(clock, memoryStorage());
    this.offsets = lateOffsets(this.broker.groups.offsets, clock);
    this.#faults = faults;
    this.#broken = broken;
  }

  connect(instance: string, machine: number): Transport {
    const connection = new SimulatedConnection(instance, this.clock, this.#faults);
    const transport = new EmbeddedTransport(this.broker, connection);
    return this.#broken?.transport?.({ inner: transport, connection, network: this, machine }) ?? transport;
  }
}

/** What is done about the end of a transaction that was not answered: `again` sends it once more. */
type OnUnknownEnd = (again: () => Promise<unknown>, transactionalId: string) => Promise<unknown>;

/** Gives up sooner; a broken variant may take the end of a transaction for something that it is not. */
export class SimulatedConnection extends Connection {
  onUnknownEnd: OnUnknownEnd | undefined;

  override call<T>(
    call: Parameters<Connection['call']>[0],
    effect: () => T | Promise<T>,
    timeoutMs: number = requestTimeout,
  ): Promise<T> {
    const answer = super.call(call, effect, timeoutMs);
    const { onUnknownEnd } = this;
    if (call.api !== 'endTxn' || onUnknownEnd === undefined) return answer;
    return answer.catch((error) => {
      if (!isUnknown(error)) throw error;
      const again = (): Promise<T> => super.call(call, effect, timeoutMs);
      return onUnknownEnd(again, call.transactionalId!) as Promise<T>;
    });
  }
}
