import { grow } from '../grow.ts';
import type { Flow, Sketch } from '../sketch.ts';
import type { Area } from './around.ts';

/** Steps that are refused, or that fail in the middle. */
export const errors: Area = (sketch) => {
  const { dice } = sketch;
  const first = sketch.stream();
  const wrong = dice.from(mistakes)(sketch, first);
  sketch.output(grow(sketch, wrong, dice.pick(0, 0, 1)));
};

type Mistake = (sketch: Sketch, flow: Flow) => Flow;

const table = { is: 'table' } as const;

const windowedCount =
  (window: object, parameters: object = {}): Mistake =>
  (sketch, flow) => {
    const grouped = sketch.node('groupByKey', [flow.id]);
    const cut = sketch.node('windowedBy', [grouped], { window });
    return sketch.flow('count', [cut], { ...table, windows: JSON.stringify(window) }, { ...parameters });
  };

const mistakes: readonly Mistake[] = [
  (sketch, flow) =>
    sketch.flow(
      'mapValues',
      [flow.id],
      { is: 'stream' },
      {
        value: { fn: 'throwWhen', value: sketch.dice.pick<string | null>('x', 'y', null) },
      },
    ),
  (sketch, flow) =>
    sketch.flow(
      'selectKey',
      [flow.id],
      { is: 'stream' },
      { key: { fn: 'throwWhen', of: 'key', value: 'b' } },
    ),
  (sketch, flow) => {
    const grouped = sketch.node('groupBy', [flow.id], { key: { fn: 'throwWhen', value: 'x' } });
    return sketch.flow('count', [grouped], table, { store: sketch.store() });
  },
  (sketch, flow) => {
    const counted = sketch.flow('count', [sketch.node('groupByKey', [flow.id])], table);
    return sketch.flow('suppress', [counted.id], table, {
      until: 'timeLimit',
      timeLimitMs: 100,
      maxRecords: sketch.dice.pick(1, 2),
      whenFull: 'shutDown',
    });
  },
  (sketch, flow) => {
    const counted = sketch.flow('count', [sketch.node('groupByKey', [flow.id])], table);
    return sketch.flow('suppress', [counted.id], table, { until: 'windowCloses' });
  },
  windowedCount({ type: 'hopping', sizeMs: 5, advanceMs: 6, graceMs: 0 }),
  windowedCount({ type: 'tumbling', sizeMs: 0, graceMs: 0 }),
  windowedCount({ type: 'tumbling', sizeMs: 5, graceMs: -1 }),
  windowedCount({ type: 'session', gapMs: -1, graceMs: 0 }),
  windowedCount({ type: 'tumbling', sizeMs: 10, graceMs: 5 }, { retentionMs: 14 }),
  windowedCount({ type: 'session', gapMs: 10, graceMs: 5 }, { retentionMs: 14 }),
  windowedCount({ type: 'sliding', differenceMs: 10, graceMs: 5 }, { retentionMs: 24 }),
  (sketch, flow) =>
    sketch.flow(
      'streamStreamJoin',
      [flow.id, sketch.stream().id],
      { is: 'stream' },
      {
        type: sketch.dice.pick('inner', 'outer'),
        ...sketch.dice.pick(
          { beforeMs: -6, afterMs: 5, graceMs: 0 },
          { beforeMs: 5, afterMs: 5, graceMs: -1 },
        ),
        joiner: { fn: 'concat', sep: '+' },
      },
    ),
  (sketch, flow) => {
    const history = sketch.dice.pick(undefined, 5);
    const rows = sketch.flow('table', [], table, {
      topic: sketch.topic('table'),
      store: sketch.storeName(),
      versionedHistoryMs: history,
    });
    return sketch.flow(
      'streamTableJoin',
      [flow.id, rows.id],
      { is: 'stream' },
      {
        type: 'inner',
        graceMs: 6,
        joiner: { fn: 'concat', sep: '+' },
      },
    );
  },
  (sketch, flow) => {
    const store = sketch.storeName();
    const counted = sketch.flow('count', [sketch.node('groupByKey', [flow.id])], table, { store });
    sketch.output(counted);
    return sketch.flow('count', [sketch.node('groupByKey', [flow.id])], table, { store });
  },
];
