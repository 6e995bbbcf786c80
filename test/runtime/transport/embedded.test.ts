import { describe } from 'vitest';
import { virtualClock } from '../../../src/runtime/testing/virtualClock.ts';
import { embeddedBroker } from '../../../src/runtime/transport/embedded/embeddedBroker.ts';
import type { Fixture } from './contractKit.ts';
import { transportContract } from './transportContract.ts';

async function inMemory(): Promise<Fixture> {
  const clock = virtualClock(1_700_000_000_000);
  const broker = embeddedBroker({ storage: 'memory', clock });
  return {
    clock,
    transport: (clientId) => broker.transport(clientId),
    run: (work) => clock.run(work),
    close: async () => broker.close(),
  };
}

describe('embeddedBroker in memory', () => transportContract(inMemory, { timeout: 5_000 }));
