import { expect } from 'vitest';
import type { DropReason } from '../../dsl/node.ts';
import type { Cluster } from './cluster.ts';
import {
  type Driven,
  dropped,
  type ExpectedRecord,
  type ExpectedRow,
  emitted,
  type Finding,
  rows,
} from './matchers.ts';

declare module 'vitest' {
  interface Matchers<R, T> {
    /**
     * What was written to a topic since it was last read: these records and no others, in this order (with several partitions,
     * those of one key). Fields that are left out may be anything. To be awaited for a cluster.
     *
     * ```ts
     * expect(driver).toHaveEmitted('totals', [{ key: 'a', value: 1 }, { key: 'a', value: 3 }]);
     * ```
     */
    toHaveEmitted(topic: string, records: readonly ExpectedRecord[]): T extends Cluster ? Promise<void> : R;
    /**
     * A store holds these rows and no others.
     *
     * ```ts
     * expect(driver).toHaveRows('totals', [{ key: 'a', value: 3 }]);
     * ```
     */
    toHaveRows(store: string, rows: readonly ExpectedRow[]): R;
    /**
     * Steps gave up so many records for this reason; at least one when no number is given.
     *
     * ```ts
     * expect(driver).toHaveDropped('late');
     * ```
     */
    toHaveDropped(reason: DropReason, times?: number): R;
  }
}

expect.extend({
  toHaveEmitted(driven: Driven, topic: string, expected: readonly ExpectedRecord[]) {
    const ordered = !('instances' in driven);
    const found = driven.read(topic);
    if (!(found instanceof Promise)) return verdict(this, emitted(found as never, expected, topic, ordered));
    return found.then((records) => verdict(this, emitted(records, expected, topic, ordered)));
  },
  toHaveRows(driven: Driven, store: string, expected: readonly ExpectedRow[]) {
    return verdict(this, rows(driven.store(store), expected, store));
  },
  toHaveDropped(driven: Driven, reason: DropReason, times?: number) {
    return verdict(this, dropped(driven.drops, reason, times));
  },
});

interface Judge {
  readonly isNot: boolean;
  readonly equals: (a: unknown, b: unknown) => boolean;
  readonly utils: { diff(a: unknown, b: unknown): string | undefined };
}

function verdict({ equals, isNot, utils }: Judge, { what, found, expected }: Finding) {
  return {
    pass: equals(found, expected),
    message: () =>
      isNot ? `${what}: as expected not to be` : `${what}: not as expected\n\n${utils.diff(expected, found)}`,
    actual: found,
    expected,
  };
}
