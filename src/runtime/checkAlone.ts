import { MillraceError } from '../errors.ts';
import type { Producer } from './transport/transport.ts';

/**
 * Throws FENCED unless the records that were written to changelogs stand right behind what was there before: a gap is
 * somebody else who writes there. He has the task now; or he had it before, and covers rows that count.
 */
export function checkAlone(
  producer: Producer,
  partition: number,
  before: ReadonlyMap<string, number>,
  written: ReadonlyMap<string, number>,
): void {
  for (const [topic, count] of written) {
    const expected = before.get(topic)! + count;
    const found = producer.end(topic, partition);
    if (count === 0 || found === expected) continue;
    throw new MillraceError('FENCED', 'Somebody else writes to the changelog of this task', {
      topic,
      partition,
      expected: `an end at offset ${expected}`,
      found: `${found}`,
      next: 'Nothing: another worker has the task, or a late record of one that had it before is made good.',
    });
  }
}
