import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { javaLines } from '../../scripts/kafka/javaLines.ts';
import { kafkaVersion } from '../../scripts/kafka/kafkaJars.ts';
import { javaRows } from '../runtime/transport/kafka/protocol/javaErrors.ts';
import { javaMissing } from './brokers.ts';

// The inside of Kafka's producer, which the program speaks to, is another one in every version.
describe.skipIf(javaMissing || kafkaVersion !== '4.1.1')('transactionErrors.json', () => {
  it("has what Kafka's own transactional producer does with each error of each API", async () => {
    const found: unknown[] = [];
    for await (const line of javaLines(join(import.meta.dirname, 'ClassifyErrors.java'), []))
      found.push(JSON.parse(line));
    expect(found).toEqual(javaRows);
  });
});
