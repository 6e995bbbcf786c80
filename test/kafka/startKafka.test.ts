import { beforeAll, describe, expect, it } from 'vitest';
import { aliveBrokers } from '../../scripts/kafka/aliveBrokers.ts';
import { brokers } from './brokers.ts';

describe('startKafka', () => {
  let port: number;
  beforeAll(() => {
    expect(brokers.length).toBeGreaterThan(0);
    port = Number(brokers[0]!.split(':')[1]);
  });

  it('gives brokers that answer and have a controller', async () => {
    expect(await aliveBrokers(port)).toHaveLength(brokers.length);
  });
});
