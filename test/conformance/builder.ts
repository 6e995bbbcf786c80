import {
  type Codec,
  emitOnCommit,
  type GlobalTable,
  type GroupedTable,
  json,
  type Sink,
  type Stream,
  type Table,
  text,
  type Windowed,
} from 'millrace';
import type { AnyKey, CaseKey, CaseNode, Fn, Literal } from './format.ts';
import { needlessTombstones } from './needlessTombstones.ts';

export type CaseStream = Stream<AnyKey | null, Literal>;
export type CaseTable = Table<AnyKey, CaseKey>;
export type CaseGlobalTable = GlobalTable<CaseKey, CaseKey>;
export type CaseWindowed = Windowed<AnyKey, Literal>;

/** A regrouped table. Where the case maps values on the way, each comes with its group: [group, value]. */
export interface CaseGrouped {
  readonly plain?: GroupedTable<CaseKey, CaseKey>;
  readonly pairs?: GroupedTable<CaseKey, readonly [group: CaseKey, value: CaseKey]>;
}

/** Streams that are folded into the same rows: all but the first as they are, for windows cut the first. */
export interface CaseCogrouped {
  readonly first: CaseStream | CaseWindowed;
  readonly others: readonly CaseStream[];
  readonly adders: readonly Fn[];
}

export type Made =
  | { readonly stream: CaseStream }
  /** `changes`: those that steps behind are told, where they are not the ones of the rows kept. */
  | { readonly table: CaseTable; readonly changes?: CaseTable }
  | { readonly globalTable: CaseGlobalTable }
  | { readonly windowed: CaseWindowed }
  | { readonly grouped: CaseGrouped }
  | { readonly cogrouped: CaseCogrouped };

/** JSON tells the string "1" from the number 1. */
export const values: Codec<CaseKey> = json<CaseKey>();

/** Only strings can be written as keys. Mappers may make numbers of them, which is an error where they are written. */
export const keys: Codec<CaseKey> = text as Codec<string> as unknown as Codec<CaseKey>;

/** What has been described of a case so far. */
export class Builder {
  readonly #made = new Map<string, Made>();
  /** What is handed to the driver: all tables, so that they are told of changes in the order of description, and all sinks. */
  readonly ends: (Sink | CaseTable)[] = [];
  /** Filters whose source Kafka Streams does not keep. */
  readonly needlessTombstones: ReadonlySet<string>;

  /** What changes of aggregations say that rows were: with caches, when it comes to be told, Kafka Streams knows. */
  readonly before: 'row' | 'kafka-streams';
  readonly #caching: ReadonlySet<string>;

  /** `cached`: changes are held back behind the steps behind which Kafka Streams can. */
  constructor(topology: readonly CaseNode[], cached: boolean) {
    this.needlessTombstones = needlessTombstones(topology);
    this.before = cached ? 'row' : 'kafka-streams';
    this.#caching = new Set(cached ? topology.filter(isKept).map(({ id }) => id) : []);
  }

  put(id: string, made: Made): void {
    if (this.#made.has(id)) throw new Error(`duplicate node id ${id}`);
    if ('table' in made) {
      const held = this.#caching.has(id) ? { table: made.table.pipe(emitOnCommit()) } : made;
      this.#made.set(id, held);
      this.ends.push(held.table);
    } else this.#made.set(id, made);
  }

  input(node: CaseNode, index = 0): Made {
    const id = node.in?.[index];
    const made = id === undefined ? undefined : this.#made.get(id);
    if (made === undefined) throw new Error(`${node.id} has no input ${index}`);
    return made;
  }

  stream(node: CaseNode, index = 0): CaseStream {
    const made = this.input(node, index);
    if ('stream' in made) return made.stream;
    throw new Error(`input ${index} of ${node.id} is not a stream`);
  }

  table(node: CaseNode, index = 0): CaseTable {
    const made = this.input(node, index);
    if ('table' in made) return made.table;
    throw new Error(`input ${index} of ${node.id} is not a table`);
  }

  globalTable(node: CaseNode, index: number): CaseGlobalTable {
    const made = this.input(node, index);
    if ('globalTable' in made) return made.globalTable;
    throw new Error(`input ${index} of ${node.id} is not a global table`);
  }
}

/** Sources are kept where something reads their rows; what is not kept changes nothing in the end. */
const keeping = ['table', 'toTable', 'count', 'reduce', 'aggregate'];
const isKept = ({ op, store, versionedHistoryMs }: CaseNode): boolean =>
  versionedHistoryMs === undefined && (keeping.includes(op) || store !== undefined);
