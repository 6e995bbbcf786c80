import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { virtualClock } from '../../../src/runtime/testing/virtualClock.ts';
import {
  type EmbeddedBrokerOptions,
  embeddedBroker,
} from '../../../src/runtime/transport/embedded/embeddedBroker.ts';
import type { Fixture } from './contractKit.ts';
import { transportContract } from './transportContract.ts';

const timeout = 10_000;

function fixture(storage: EmbeddedBrokerOptions['storage'], remove: () => void): Fixture {
  const clock = virtualClock(1_700_000_000_000);
  const broker = embeddedBroker({ storage, clock });
  return {
    clock,
    transport: (clientId) => broker.transport(clientId),
    run: (work) => clock.run(work),
    close: async () => {
      broker.close();
      remove();
    },
  };
}

describe('embeddedBroker in memory', () => {
  transportContract(async () => fixture('memory', () => {}), { timeout });
});

describe('embeddedBroker in a file', () => {
  transportContract(
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-topics-'));
      return fixture({ file: join(folder, 'topics.db') }, () => rmSync(folder, { recursive: true }));
    },
    { timeout },
  );
});
