import { type Headed, headed } from './codecs/headed.ts';
import { json } from './codecs/json.ts';
import { text } from './codecs/text.ts';
import type { AnyCell, AnyCodec, AnyStore, AnyWindowStore, StepContext, StoreSpec } from './node.ts';

/** What a row was until some moment: since when, and null where there was none. */
type Version = Headed<number, unknown>;

/**
 * The stores of a versioned table: the newest version of each row; those before it, under the moment they ended, so that they go
 * when nobody may ask for them any more; and the largest timestamp that the table has taken in. `name` tells those of a step apart.
 */
export function versionStores(
  key: AnyCodec,
  value: AnyCodec,
  history: number,
  name = '',
): readonly StoreSpec[] {
  const ended = { kind: 'timeline', key, value: headed<number, unknown>(value), windowSize: 0 } as const;
  return Object.freeze([
    Object.freeze({ suffix: name, kind: 'keyValue', key, value }),
    Object.freeze({ ...ended, suffix: partOf(name, 'versions'), retention: history, show: showVersion }),
    Object.freeze({ suffix: partOf(name, 'time'), kind: 'keyValue', key: text, value: json<number>() }),
  ]);
}

const partOf = (name: string, part: string): string => (name === '' ? part : `${name}-${part}`);

const showVersion: NonNullable<StoreSpec['show']> = ({ key, start: end }, { value: { header, body } }) => [
  { key, start: header, end },
  { value: body, timestamp: header },
];

/** Rows of a versioned table as they are, and as they were. */
export class Versions {
  readonly #newest: AnyStore;
  readonly #ended: AnyWindowStore;
  readonly #time: AnyStore;
  readonly #history: number;

  /** `history` is how long after its end, in ms of stream time, a version is known. */
  constructor(task: StepContext, history: number, name = '') {
    this.#newest = task.store(name);
    this.#ended = task.windowStore(partOf(name, 'versions'));
    this.#time = task.store(partOf(name, 'time'));
    this.#history = history;
  }

  /** The largest timestamp taken in. */
  get streamTime(): number {
    return this.#time.get('streamTime')?.value ?? Number.NEGATIVE_INFINITY;
  }

  newest(key: unknown): AnyCell | undefined {
    return this.#newest.get(key);
  }

  /** The row at a moment. Of moments longer ago than the history only the newest version is known. */
  asOf(key: unknown, moment: number): AnyCell | undefined {
    const newest = this.#newest.get(key);
    if (newest !== undefined && newest.timestamp <= moment) return newest;
    if (moment < this.streamTime - this.#history) return undefined;
    const [, { value }] = this.#endedAfter(key, moment) ?? nothing;
    const { header: from, body }: Version = value;
    return body === null || from > moment ? undefined : { value: body, timestamp: from };
  }

  /** Takes in what a row was, or that it was gone (null), from a moment on. 'old': other versions came after. 'late': too long ago. */
  put(key: unknown, value: unknown, from: number): 'newest' | 'old' | 'late' {
    const { streamTime } = this;
    if (from < streamTime - this.#history) return 'late';
    if (from > streamTime) this.#time.put('streamTime', from, Math.max(0, from));
    const newest = this.#newest.get(key);
    const next = newest === undefined || newest.timestamp > from ? this.#endedAfter(key, from) : undefined;
    if (next === undefined && (newest === undefined || newest.timestamp <= from)) {
      this.#putNewest(key, newest, value, from);
      return 'newest';
    }
    if (next === undefined) this.#end(key, newest!.timestamp, from, value);
    else this.#putBefore(key, next, value, from);
    return 'old';
  }

  #putNewest(key: unknown, newest: AnyCell | undefined, value: unknown, from: number): void {
    if (newest !== undefined && newest.timestamp < from) this.#end(key, from, newest.timestamp, newest.value);
    if (value !== null) {
      this.#newest.put(key, value, from);
      return;
    }
    // That it is gone from then on must be known where nothing ended then; a row that began then has just not been, as in Kafka Streams.
    if (newest === undefined && this.#ended.get(key, from) === undefined) this.#end(key, from, from, null);
    this.#newest.delete(key, from);
  }

  /** `next` is the version that ended first after that moment: it may have begun before it, too. */
  #putBefore(key: unknown, [end, { value }]: readonly [number, AnyCell], body: unknown, from: number): void {
    const version: Version = value;
    if (version.header > from) this.#end(key, version.header, from, body);
    else {
      if (version.header < from) this.#end(key, from, version.header, version.body);
      this.#end(key, end, from, body);
    }
  }

  #end(key: unknown, end: number, from: number, body: unknown): void {
    // With the time of its end: the changelog lets go of records by their times, and one may have lasted for long.
    this.#ended.put(key, end, { header: from, body } satisfies Version, end);
  }

  #endedAfter(key: unknown, moment: number): readonly [end: number, cell: AnyCell] | undefined {
    for (const found of this.#ended.fetch(key, moment + 1, Number.MAX_SAFE_INTEGER)) return found;
    return undefined;
  }
}

const nothing = [0, { value: { header: 0, body: null } }] as const;
