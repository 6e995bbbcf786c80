import { checkAsync, checkKeys } from './compile/checks.ts';
import { collect } from './compile/collect.ts';
import { link } from './compile/link.ts';
import { nameSteps } from './compile/names.ts';
import { checkStoreNames, split } from './compile/split.ts';
import type { AnyCodec, Node, Operator, StoreSpec } from './node.ts';

/** A description made ready to run: what `describe` draws, what the runtime builds tasks of, what a change is compared by. */
export interface Topology {
  /** Pieces that run by themselves, connected by topics only. Upstream before downstream. */
  readonly subtopologies: readonly Subtopology[];
  readonly globalTables: readonly Step[];
  /** Topics that carry records between sub-topologies; to be created. Names are without the application's id. */
  readonly repartitions: readonly RepartitionTopic[];
}

/** One task runs for each partition of a sub-topology. */
export interface Subtopology {
  /** Stable: the first, by name, of the topics it reads, which no other sub-topology does. */
  readonly name: string;
  /** Inputs before the steps that read them. */
  readonly steps: readonly Step[];
  readonly sources: readonly Step[];
  readonly stores: readonly NamedStore[];
  /** Topics that must have equally many partitions, since a join or a table meets records of the same partition. */
  readonly copartitioned: readonly (readonly string[])[];
}

export interface Step {
  /** Unique in the topology: the user's name, or the path from the source. */
  readonly name: string;
  readonly node: Node;
  readonly operator: Operator;
  readonly inputs: readonly Step[];
  readonly stores: readonly NamedStore[];
  /** Sources: the topic read, as named in the topology. Sinks: the topic written, undefined when chosen per record. */
  readonly topic?: string | undefined;
  /** The topic is one of `repartitions`: its real name has the application's id before it. */
  readonly internal?: true;
}

export interface NamedStore {
  readonly name: string;
  readonly step: string;
  readonly spec: StoreSpec;
}

export interface RepartitionTopic {
  readonly topic: string;
  /** Asked for by the user; else decided by what it must be co-partitioned with, else by the topics upstream. */
  readonly partitions: number | undefined;
  /** Topics whose records reach it: the largest of their partition counts is the default. */
  readonly upstream: readonly string[];
  readonly key: AnyCodec;
  readonly value: AnyCodec;
}

/**
 * Compiles what was described: finds all steps the handles rest on, cuts them at topics, puts a repartition topic where a
 * changed key meets a step that needs it, names everything and checks it. Throws; touches no broker.
 */
export function topology(handles: readonly { readonly node: Node }[]): Topology {
  const nodes = collect(handles.map(({ node }) => node));
  const linked = nameSteps(link(nodes));
  checkAsync(linked);
  checkKeys(linked);
  const compiled = split(linked);
  checkStoreNames(compiled);
  return compiled;
}
