import {
  aggregate,
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
  tumbling,
  type WindowKey,
  type WindowSpec,
  window,
} from 'millrace';
import {
  type Builder,
  type CaseGrouped,
  type CaseStream,
  type CaseTable,
  type CaseWindowed,
  keys,
} from './builder.ts';
import type { AnyKey, CaseKey, CaseNode, CaseWindow, Fn, Literal } from './format.ts';
import { combiner, mapper } from './functions.ts';
import { NotSupported } from './notSupported.ts';
import { rekeyed } from './statelessNodes.ts';

type Describe = (builder: Builder, node: CaseNode) => void;

/** Grouping, windows and aggregations. */
export const aggregationNodes: Readonly<Record<string, Describe>> = {
  groupByKey(builder, node) {
    builder.put(node.id, { stream: builder.stream(node) });
  },
  groupBy(builder, node) {
    const input = builder.input(node);
    if ('table' in input) builder.put(node.id, { grouped: regrouped(input.table, node.key!, node.value) });
    else builder.put(node.id, { stream: rekeyed(builder.stream(node), node.key!) });
  },
  windowedBy(builder, node) {
    const input = builder.input(node);
    if (!('stream' in input)) throw new NotSupported('windowedBy (cogrouped)');
    builder.put(node.id, {
      windowed: input.stream.pipe(
        window(windowSpec(node.window), { emit: node.emit === 'onWindowClose' ? 'onClose' : 'onUpdate' }),
      ),
    });
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
    const add = combiner(node.adder);
    const subtract = node.subtractor && combiner(node.subtractor);
    const merge = node.merger && combiner(node.merger);
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
        ? (table as Table<WindowKey<AnyKey>, CaseKey>).pipe(
            suppress({ until: 'windowCloses', ...limits }, node.id),
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

interface Store {
  readonly name: string;
  readonly retention?: number;
}

interface Ways {
  stream(input: CaseStream, store: Store): CaseTable;
  windowed(input: CaseWindowed, store: Store): CaseTable;
  grouped(input: CaseGrouped, store: Store): CaseTable;
}

function put(builder: Builder, node: CaseNode, ways: Ways): void {
  const input = builder.input(node);
  const { retentionMs } = node;
  const store: Store = {
    name: node.store ?? node.id,
    ...(retentionMs !== undefined && { retention: retentionMs }),
  };
  let made: CaseTable;
  if ('windowed' in input) made = ways.windowed(input.windowed, store);
  else if ('grouped' in input) made = ways.grouped(input.grouped, store);
  else made = ways.stream(builder.stream(node), store);
  builder.put(node.id, { table: made });
  builder.ends.push(made);
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
