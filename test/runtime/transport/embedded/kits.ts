import { onTestFinished } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../../src/runtime/testing/virtualClock.ts';
import {
  type EmbeddedBroker,
  embeddedBroker,
} from '../../../../src/runtime/transport/embedded/embeddedBroker.ts';
import type { Faults } from '../../../../src/runtime/transport/embedded/faults.ts';
import { ContractKit } from '../contractKit.ts';

export interface Embedded {
  readonly clock: VirtualClock;
  readonly broker: EmbeddedBroker;
  readonly kit: ContractKit;
}

/** A broker on the virtual clock that is gone when the test has ended. */
export function embedded(faults?: Faults, file?: string): Embedded {
  const clock = virtualClock(1_700_000_000_000);
  const storage = file === undefined ? 'memory' : { file };
  const broker = embeddedBroker({ storage, clock, ...(faults && { faults }) });
  onTestFinished(() => broker.close());
  const kit = new ContractKit({
    clock,
    transport: (clientId) => broker.transport(clientId),
    run: (work) => clock.run(work),
    close: async () => {},
  });
  return { clock, broker, kit };
}
