import { describe } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { kafkaTransport } from '../../src/runtime/transport/kafka/kafkaTransport.ts';
import type { Fixture } from '../runtime/transport/contractKit.ts';
import { transportContract } from '../runtime/transport/transportContract.ts';
import { brokers } from './brokers.ts';

async function onKafka(): Promise<Fixture> {
  return {
    clock: systemClock,
    transport: (clientId) => kafkaTransport({ brokers, clientId }, systemClock),
    run: (work) => work,
    close: async () => {},
  };
}

describe('kafkaTransport', () => transportContract(onKafka, { timeout: 150_000 }));
