import {
  aggregate,
  cogroup,
  count,
  filter,
  groupBy,
  hopping,
  type InSessions,
  map,
  reduce,
  session,
  sliding,
  suppress,
  type Table,
  toStream,
  toTable,
  tumbling,
  type WindowKey,
  type WindowSpec,
  window,
} from 'millrace';
import {
  type Builder,
  type CaseCogrouped,
  type CaseGrouped,
  type CaseStream,
  type CaseTable,
  type CaseWindowed,
  keys,
} from './builder.ts';
import type { AnyKey, CaseKey, CaseNode, CaseWindow, Fn, Literal } from './format.ts';
import { combiner, mapper } from './functions.ts';
import { rekeyed } from './statelessNodes.ts';

type Describe = (builder: Builder, node: CaseNode) => void;

/** Grouping, windows and aggregations. */
export const aggregationNodes: Readonly<Record<string, Describe>> = {
  groupByKey(builder, node) {
    builder.put(node.id, { stream: builder.stream(node) });
  },
  groupBy(builder, node) {
    const input = builder.input(node);
    if ('table' in input) {
      // What a join says that a row was, not what is kept of it.
      const table = ('changes' in input ? input.changes : undefined) ?? input.table;
      builder.put(node.id, { grouped: regrouped(table, node.key!, node.value) });
    } else builder.put(node.id, { stream: rekeyed(builder.stream(node), node.key!) });
  },
  windowedBy(builder, node) {
    const input = builder.input(node);
    const cut = window<CaseStream>(windowSpec(node.window), {
      emit: node.emit === 'onWindowClose' ? 'onClose' : 'onUpdate',
    });
    if ('cogrouped' in input) {
      const { first, ...others } = input.cogrouped;
      builder.put(node.id, { cogrouped: { ...others, first: (first as CaseStream).pipe(cut) } });
    } else builder.put(node.id, { windowed: builder.stream(node).pipe(cut) });
  },
  cogroup(builder, node) {
    const [first, ...others] = node.in!.map((_, index) => builder.stream(node, index));
    builder.put(node.id, { cogrouped: { first: first!, others, adders: node.adders } });
  },
  count(builder, node) {
    put(builder, node, {
      stream: (input, store) => input.pipe(count(store)),
      windowed: (input, store) => input.pipe(count(store)),
      grouped: ({ plain, pairs }, store) => plain?.pipe(count(store)) ?? pairs!.pipe(count(store)),
    });
  },
  reduce(builder, node) {
    const add = combiner(node.reducer);
    const subtract = node.subtractor && combiner(node.subtractor);
    put(builder, node, {
      stream: (input, store) => input.pipe(reduce((a, b, { key }) => add(key, a, b), store)),
      windowed: (input, store) => input.pipe(reduce((a, b, { key }) => add(key, a, b), store)),
      grouped: ({ plain, pairs }, store) =>
        plain?.pipe(
          reduce(
            (a, b, { key }) => add(key, a, b),
            (a, b, { key }) => subtract!(key, a, b),
            store,
          ),
        ) ??
        // Rows of another type than the result: reduce() is then an aggregate() that begins with the first value.
        pairs!.pipe(
          aggregate(
            (): Literal => null,
            (a, [, b], { key }) => (a === null ? b : add(key, a, b)),
            (a, [, b], { key }) => subtract!(key, a, b),
            store,
          ),
        ),
    });
  },
  aggregate(builder, node) {
    const init = (): Literal => node.init ?? null;
    const merge = node.merger && combiner(node.merger);
    const input = builder.input(node);
    if ('cogrouped' in input) {
      const store = storeOfStream(builder, node, input.cogrouped.first);
      builder.put(node.id, { table: cogrouped(input.cogrouped, init, merge, store) });
      return;
    }
    const add = combiner(node.adder);
    const subtract = node.subtractor && combiner(node.subtractor);
    put(builder, node, {
      stream: (input, store) => input.pipe(aggregate(init, (a, b, { key }) => add(key, a, b), store)),
      windowed: (input, store) =>
        merge === undefined
          ? input.pipe(aggregate(init, (a, b, { key }) => add(key, a, b), store))
          : (input as CaseWindowed & InSessions).pipe(
              aggregate(
                init,
                (a, b, { key }) => add(key, a, b),
                (a, b, { key }) => merge(key, a, b),
                store,
              ),
            ),
      grouped: ({ plain, pairs }, store) =>
        plain?.pipe(
          aggregate(
            init,
            (a, b, { key }) => add(key, a, b),
            (a, b, { key }) => subtract!(key, a, b),
            store,
          ),
        ) ??
        pairs!.pipe(
          aggregate(
            init,
            (a, [, b], { key }) => add(key, a, b),
            (a, [, b], { key }) => subtract!(key, a, b),
            store,
          ),
        ),
    });
  },
  suppress(builder, node) {
    const { until, timeLimitMs, maxRecords, whenFull } = node;
    const table = builder.table(node);
    const limits = { maxRecords: maxRecords ?? undefined };
    const made: CaseTable =
      until === 'windowCloses'
        ? final(
            (table as Table<WindowKey<AnyKey>, CaseKey>).pipe(
              suppress({ until: 'windowCloses', ...limits }, node.id),
            ),
            node,
          )
        : table.pipe(
            suppress(
              {
                until: timeLimitMs!,
                ...limits,
                whenFull: whenFull === 'shutDown' ? 'stop' : 'emitEarly',
              },
              node.id,
            ),
          );
    builder.put(node.id, { table: made });
  },
};

/** Kafka Streams never takes a final row back. */
function final(table: CaseTable, { id }: CaseNode): CaseTable {
  const rows = toTable<CaseStream>({ name: `${id}-final` });
  return table.pipe(toStream(), filter((row: Literal) => row !== null), rows); // biome-ignore format: one line
}

interface Store {
  readonly name: string;
  readonly before?: Builder['before'];
  readonly retention?: number;
}

interface Ways {
  stream(input: CaseStream, store: Store): CaseTable;
  windowed(input: CaseWindowed, store: Store): CaseTable;
  grouped(input: CaseGrouped, store: Store): CaseTable;
}

function put(builder: Builder, node: CaseNode, ways: Ways): void {
  const input = builder.input(node);
  let table: CaseTable;
  if ('windowed' in input)
    table = ways.windowed(input.windowed, storeOfStream(builder, node, input.windowed));
  else if ('grouped' in input) table = ways.grouped(input.grouped, { name: nameOf(node) });
  else table = ways.stream(builder.stream(node), storeOfStream(builder, node));
  builder.put(node.id, { table });
}

const nameOf = ({ id, store }: CaseNode): string => store ?? id;

/** Rows were what Kafka Streams says they were, and sessions are kept no longer than there. */
function storeOfStream({ before }: Builder, node: CaseNode, input?: CaseStream | CaseWindowed): Store {
  const window = input?.node.window;
  const retention = node.retentionMs ?? (window?.kind === 'session' ? window.gap + window.grace : undefined);
  return { name: nameOf(node), before, ...(retention !== undefined && { retention }) };
}

function cogrouped(
  { first, others, adders }: CaseCogrouped,
  init: () => Literal,
  merge: ReturnType<typeof combiner> | undefined,
  store: Store,
): CaseTable {
  const [add, ...more] = adders.map((adder) => {
    const combine = combiner(adder);
    return (a: Literal, b: Literal, { key }: { key: AnyKey | null }) => combine(key, a, b);
  });
  const pairs = others.map((other, index) => [other, more[index]!] as const);
  if (first.shape === 'stream') return first.pipe(cogroup(init, add!, pairs, store));
  if (merge === undefined) return first.pipe(cogroup(init, add!, pairs, store));
  return (first as CaseWindowed & InSessions).pipe(
    cogroup(init, add!, pairs, (a, b, { key }) => merge(key, a, b), store),
  );
}

function windowSpec({ type, sizeMs, advanceMs, differenceMs, gapMs, graceMs }: CaseWindow): WindowSpec {
  if (type === 'tumbling') return tumbling(sizeMs, { grace: graceMs });
  if (type === 'hopping') return hopping(sizeMs, { advance: advanceMs, grace: graceMs });
  if (type === 'sliding') return sliding(differenceMs!, { grace: graceMs });
  return session(gapMs!, { grace: graceMs });
}

/** Kafka Streams maps group and value at once, both from the row as it was; a mapped value brings its group along. */
function regrouped(input: CaseTable, key: Fn, value: Fn): CaseGrouped {
  const groupOf = mapper(key);
  const memberOf = mapper(value);
  if (value.of !== 'key' && (value.fn === 'identity' || value.fn === 'nullWhen')) {
    const present = filter<CaseTable>((row, message) => memberOf(message.key, row) !== null);
    return {
      plain: input.pipe(
        present,
        groupBy((row, message) => groupOf(message.key, row), { key: keys }),
      ),
    };
  }
  const pairs = input.pipe(
    map((row, message): readonly [CaseKey, CaseKey] | null => {
      const group = groupOf(message.key, row);
      const member = memberOf(message.key, row);
      return group === null || member === null ? null : [group, member];
    }),
    groupBy(([group]) => group, { key: keys }),
  );
  return { pairs };
}
