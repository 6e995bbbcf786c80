import type { AnyCodec, WindowSpec } from '../node.ts';
import type { NamedStore, RepartitionTopic, Step, Subtopology, Topology } from '../topology.ts';
import { storesReadBy, writersTo } from './links.ts';

/**
 * A topology as plain data. The shape is stable: within version 1 properties are only ever added, and properties and lists
 * have the same order each time, so that two descriptions can be compared as text. Durations are in milliseconds.
 */
export interface TopologyDescription {
  readonly version: 1;
  /** Pieces that run by themselves, connected by topics only; one task of each per partition. Upstream first. */
  readonly subtopologies: readonly SubtopologyDescription[];
  /** Tables of which every worker holds all partitions. */
  readonly globalTables: readonly StepDescription[];
  /** Topics between sub-topologies. On the broker the application's id stands before their names. */
  readonly repartitions: readonly RepartitionDescription[];
}

export interface SubtopologyDescription {
  readonly name: string;
  readonly steps: readonly StepDescription[];
  readonly stores: readonly StoreDescription[];
  /** Topics that must have equally many partitions. */
  readonly copartitioned: readonly (readonly string[])[];
}

export interface StepDescription {
  readonly name: string;
  /** The operator: 'stream', 'filter', 'count', ... */
  readonly kind: string;
  /** What it emits: 'stream', 'windowed', 'table', 'groupedTable', 'globalTable', 'sink'. */
  readonly shape: string;
  /** Names of the steps whose messages reach it. */
  readonly inputs: readonly string[];
  /** Sources and sinks: the topic; null when it is chosen per record. */
  readonly topic?: string | null;
  /** Sources: where they begin, and what they do with records that cannot be read. */
  readonly reset?: string | { readonly ago: number };
  readonly onError?: string | { readonly deadLetters: string };
  /** Names of codecs, where known. */
  readonly key?: string;
  readonly value?: string;
  readonly window?: WindowSpec;
  readonly emitOnClose?: true;
  /** Names of stores it keeps, and of stores it looks into. */
  readonly stores: readonly string[];
  readonly reads: readonly string[];
}

export interface StoreDescription {
  readonly name: string;
  /** The step that keeps it. */
  readonly step: string;
  readonly kind: string;
  readonly key: string;
  readonly value: string;
  /** Window stores: how long rows are kept after the start of their window. */
  readonly retention?: number;
}

export interface RepartitionDescription {
  readonly topic: string;
  /** null: as many as the largest topic it is written from, or as what it is joined with. */
  readonly partitions: number | null;
  readonly key: string;
  readonly value: string;
}

/** The topology as JSON text of a {@link TopologyDescription}. */
export function describeJson(topology: Topology): string {
  return JSON.stringify(description(topology), null, 2);
}

export function description(topology: Topology): TopologyDescription {
  return {
    version: 1,
    subtopologies: topology.subtopologies.map(describeSubtopology),
    globalTables: topology.globalTables.map(describeStep),
    repartitions: topology.repartitions.map(describeRepartition),
  };
}

function describeSubtopology({ name, steps, stores, copartitioned }: Subtopology): SubtopologyDescription {
  return { name, steps: steps.map(describeStep), stores: stores.map(describeStore), copartitioned };
}

function describeStep(step: Step): StepDescription {
  const { node, operator, topic } = step;
  const { source } = operator;
  const ends = step.inputs.length === 0 || node.shape === 'sink';
  // Sources may read with other codecs than are used behind them.
  const { key, value } = source ?? node;
  return {
    name: step.name,
    kind: operator.kind,
    shape: node.shape,
    inputs: writersTo(step).map((writer) => writer.name),
    ...(ends && { topic: topic ?? null }),
    ...(source && {
      reset: source.reset,
      onError: typeof source.onError === 'function' ? 'chosen per error' : source.onError,
    }),
    ...(key && { key: nameOf(key) }),
    ...(value && { value: nameOf(value) }),
    ...(node.window && { window: windowOf(node.window) }),
    ...(node.emitOnClose && { emitOnClose: true }),
    stores: step.stores.map(({ name }) => name),
    reads: storesReadBy(step),
  };
}

function windowOf(window: WindowSpec): WindowSpec {
  if (window.kind === 'session') return { kind: window.kind, gap: window.gap, grace: window.grace };
  if (window.kind === 'sliding')
    return { kind: window.kind, difference: window.difference, grace: window.grace };
  const { kind, size, advance, grace, offset } = window;
  return { kind, size, advance, grace, offset };
}

const nameOf = (codec: AnyCodec): string => (codec.nullable ? `nullable(${codec.name})` : codec.name);

function describeStore({ name, step, spec }: NamedStore): StoreDescription {
  const { kind, key, value, retention } = spec;
  return {
    name,
    step,
    kind,
    key: key.name,
    value: value.name,
    ...(retention !== undefined && { retention }),
  };
}

function describeRepartition({ topic, partitions, key, value }: RepartitionTopic): RepartitionDescription {
  return { topic, partitions: partitions ?? null, key: nameOf(key), value: nameOf(value) };
}
