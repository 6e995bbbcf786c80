import type { AnyKey, CaseNode, Literal, Output } from '../conformance/format.ts';
import { combiner } from '../conformance/functions.ts';

export type Side = 'left' | 'right';

export interface Arrival extends Output {
  readonly side: Side;
}

interface Waiting {
  readonly side: Side;
  readonly record: Arrival;
  readonly key: string;
}

/**
 * What a join of two streams emits by the plain rule: a record without match comes, joined with null, as soon as stream time has
 * passed its window plus grace, before the results of the record that moved the time. Kafka Streams keeps to it mostly, not always.
 */
export function plainJoin(join: CaseNode, arrivals: readonly Arrival[]): Output[] {
  return new PlainJoin(join).run(arrivals);
}

const otherOf = { left: 'right', right: 'left' } as const;

class PlainJoin {
  readonly #join: CaseNode;
  readonly #combine: ReturnType<typeof combiner>;
  readonly #pads: ReadonlySet<Side>;
  readonly #kept: Record<Side, Arrival[]> = { left: [], right: [] };
  readonly #newest: Record<Side, number> = { left: -Infinity, right: -Infinity };
  readonly #out: Output[] = [];
  #waiting: Waiting[] = [];
  #streamTime = -1;

  constructor(join: CaseNode) {
    this.#join = join;
    this.#combine = combiner(join.joiner);
    this.#pads = new Set(join.type === 'outer' ? ['left', 'right'] : join.type === 'left' ? ['left'] : []);
  }

  run(arrivals: readonly Arrival[]): Output[] {
    for (const arrival of arrivals) this.#take(arrival);
    return this.#out;
  }

  #take(record: Arrival): void {
    const { side, key, value, timestamp } = record;
    this.#streamTime = Math.max(this.#streamTime, timestamp);
    if (value === null) return;
    if (key === null) {
      if (this.#pads.has(side)) this.#emit(record, record, null, timestamp);
      return;
    }
    if (timestamp === this.#streamTime) this.#padDue(record);
    const matches = this.#matches(record);
    for (const match of matches) this.#match(record, match);
    if (matches.length === 0 && this.#pads.has(side)) {
      if (timestamp + this.#ahead(side) + this.#join.graceMs! < this.#streamTime)
        this.#emit(record, record, null, timestamp);
      else this.#waiting.push({ side, record, key: keyText(record) });
    }
    this.#kept[side].push(record);
    this.#newest[side] = Math.max(this.#newest[side], timestamp);
  }

  /** Those of the other side that are in reach and not let go yet, by time. */
  #matches({ side, timestamp, ...record }: Arrival): Arrival[] {
    const other = otherOf[side];
    const { beforeMs, afterMs, graceMs } = this.#join;
    const forgotten = this.#newest[other] - (beforeMs! + afterMs! + graceMs!);
    const from = Math.max(0, timestamp - this.#ahead(other));
    const to = Math.max(0, timestamp + this.#ahead(side));
    return this.#kept[other]
      .filter((one) => one.timestamp > forgotten && one.timestamp >= from && one.timestamp <= to)
      .filter((one) => keyText(one) === keyText({ ...record }))
      .sort((a, b) => a.timestamp - b.timestamp);
  }

  #match(record: Arrival, match: Arrival): void {
    const over = ({ side, key, record: one }: Waiting): boolean =>
      side === match.side && key === keyText(match) && one.timestamp === match.timestamp;
    this.#waiting = this.#waiting.filter((waiting) => !over(waiting));
    this.#emit(record, record, match, Math.max(record.timestamp, match.timestamp));
  }

  #padDue(trigger: Arrival): void {
    const due = this.#waiting
      .filter(
        ({ side, record }) => record.timestamp + this.#ahead(side) + this.#join.graceMs! < this.#streamTime,
      )
      .sort(
        (a, b) =>
          a.record.timestamp - b.record.timestamp ||
          (a.side === b.side ? compareText(a.key, b.key) : a.side === 'right' ? -1 : 1),
      );
    this.#waiting = this.#waiting.filter((waiting) => !due.includes(waiting));
    for (const { record } of due) this.#emit(trigger, record, null, record.timestamp);
  }

  /** How much later than it a match of a record of this side may be. */
  #ahead(side: Side): number {
    return side === 'left' ? this.#join.afterMs! : this.#join.beforeMs!;
  }

  #emit({ step }: Arrival, mine: Arrival, other: Arrival | null, timestamp: number): void {
    const [left, right]: Literal[] =
      mine.side === 'left' ? [mine.value, other?.value ?? null] : [other?.value ?? null, mine.value];
    const { key, window } = mine;
    const whole = (window === undefined ? key : { key, ...window }) as AnyKey | null;
    const value = this.#combine(whole, left!, right!);
    this.#out.push({ step, key, ...(window !== undefined && { window }), value, timestamp });
  }
}

const keyText = ({ key, window }: Pick<Output, 'key' | 'window'>): string =>
  `${key}@${window?.start}/${window?.end}`;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
