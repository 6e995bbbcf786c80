import { type Codec, json, keyBy, process, withTimestamp } from 'millrace';
import { type Builder, type CaseStream, keys, values } from './builder.ts';
import type { AnyKey, CaseKey, CaseNode, Literal, Processor } from './format.ts';
import { mapper, num, str } from './functions.ts';

/** Full name of a store that a processor calls `name`. */
export const plainStore = (name: string): string => `${name}-rows`;

/** The processors of section 4. All may change keys, as in Kafka Streams. */
export const processNodes: Readonly<Record<string, (builder: Builder, node: CaseNode) => void>> = {
  process(builder, node) {
    const input = builder.stream(node);
    const build = processors[node.processor.fn];
    if (build === undefined) throw new Error(`unknown processor ${node.processor.fn}`);
    builder.put(node.id, {
      stream: build(input, { ...node.processor, store: node.processor.store ?? node.id }),
    });
  },
};

const processors: Readonly<Record<string, (input: CaseStream, processor: Processor) => CaseStream>> = {
  shiftTimestamp: (input, { ms }) =>
    rekeyed(input.pipe(withTimestamp((_value, { timestamp }) => Math.max(0, timestamp + ms)))),
  timestampFromValue(input, { mapper: f }) {
    const of = mapper(f);
    const moved = withTimestamp<CaseStream>((value, { key, timestamp }) => {
      const found = value === null ? null : of(key, value);
      return found === null ? timestamp : num(found);
    });
    return rekeyed(input.pipe(moved));
  },
  streamTime: (input) =>
    input.pipe(
      process({ key: keysOf(input), value: anything }, (context) => ({ value }) => {
        context.emit({ value: `${str(value)}@${context.streamTime}` });
      }),
    ),
  dedupe: (input, { store }) =>
    input.pipe(
      process({ ...rowsOf(store), key: keysOf(input) }, ({ stores: { rows }, emit }) => ({ key, value }) => {
        if ((rows.get(key as CaseKey) ?? null) === value) return;
        if (value === null) rows.delete(key as CaseKey);
        else rows.put(key as CaseKey, value);
        emit({});
      }),
    ),
  runningCount: (input, { store }) =>
    input.pipe(
      process({ ...rowsOf(store), key: keysOf(input) }, ({ stores: { rows }, emit }) => ({ key }) => {
        const count = num(rows.get(key as CaseKey) ?? null) + 1;
        rows.put(key as CaseKey, count);
        emit({ value: count });
      }),
    ),
  bufferLatest: (input, { store, everyMs, clock }) =>
    input.pipe(
      process({ ...rowsOf(store), key: keysOf(input) }, ({ stores: { rows }, emit, every }) => {
        every(everyMs, clocks[clock], () => {
          for (const [key, value] of rows.entries()) {
            emit({ key, value });
            rows.delete(key);
          }
        });
        return ({ key, value }) => {
          if (value === null) rows.delete(key as CaseKey);
          else rows.put(key as CaseKey, value);
        };
      }),
    ),
  tick: (input, { everyMs, clock, store }) =>
    input.pipe(
      process(
        { ...rowsOf(store), key: keys as Codec<AnyKey | null> },
        ({ stores: { rows }, emit, every }) => {
          const counted = (): number => num(rows.get('records') ?? null);
          every(everyMs, clocks[clock], () => {
            emit({ key: 'tick', value: counted() });
            rows.put('records', 0);
          });
          return () => rows.put('records', counted() + 1);
        },
      ),
    ),
};

/** With the keys it has, of which nothing is known any more. */
function rekeyed(input: CaseStream): CaseStream {
  return input.pipe(keyBy((_value, { key }) => key, keysOf(input) as Codec<AnyKey>));
}

const clocks = { stream: 'streamTime', wall: 'wallClock' } as const;
const anything: Codec<Literal> = json<Literal>();
/** Kafka Streams takes it that a processor changes keys: what follows repartitions. */
const keysOf = (input: CaseStream): Codec<AnyKey | null> => (input.node.key ?? keys) as Codec<AnyKey | null>;
const rowsOf = (name: string) => ({ name, stores: { rows: { key: keys, value: values } } });
