import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { javaLines } from '../../scripts/kafka/javaLines.ts';
import { kafkaVersion } from '../../scripts/kafka/kafkaJars.ts';
import { recordBatchesFile } from '../runtime/transport/kafka/recordBatch/javaBatches.ts';
import { javaMissing } from './brokers.ts';

// Other versions come with other versions of the compressors, whose bytes differ.
describe.skipIf(javaMissing || kafkaVersion !== '4.1.1')('MakeRecordBatches.java', () => {
  it('writes test/vectors/recordBatches.json', async () => {
    const lines: string[] = [];
    for await (const line of javaLines(join(import.meta.dirname, 'MakeRecordBatches.java'), []))
      lines.push(line);
    expect(lines.join('\n') === readFileSync(recordBatchesFile, 'utf8').trimEnd()).toBe(true);
  });
});
