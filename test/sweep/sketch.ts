import { Dice } from './dice.ts';

/** A stream or a table of a case that is being made. */
export interface Flow {
  readonly id: string;
  readonly is: 'stream' | 'table';
  /** Its keys are windowed: which windows, so that only like ones are joined. */
  readonly windows?: string;
  /** Kafka Streams knows when its windows close. */
  readonly closes?: true;
  /** A versioned table: how long it remembers. */
  readonly history?: number;
}

/** What the records of a topic look like. */
export interface TopicShape {
  readonly keys: readonly string[];
  value(dice: Dice, serial: number): string | number | null;
  /** How many of the records are its, beside 1 for another topic. */
  readonly weight: number;
  readonly nullKeys: number;
  readonly nullValues: number;
}

export type Parameters = Readonly<Record<string, unknown>>;
export interface SketchNode extends Parameters {
  readonly id: string;
  readonly op: string;
  readonly in?: readonly string[];
}

const plainKeys = ['a', 'b', 'c'];

/** A case that is being made: what its random steps add nodes and topics to. */
export class Sketch {
  readonly dice: Dice;
  readonly nodes: SketchNode[] = [];
  readonly topics: Map<string, TopicShape> = new Map();
  readonly #flows: Flow[] = [];
  #stores = 0;
  #outputs = 0;

  constructor(name: string) {
    this.dice = new Dice(name);
  }

  /** A node that no step goes on from by itself: groups, windows, sinks. */
  node(op: string, inputs: readonly string[], parameters: Parameters = {}): string {
    const id = `${op}${this.nodes.length + 1}`;
    const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
    this.nodes.push({
      id,
      op,
      ...(inputs.length > 0 && { in: inputs }),
      ...Object.fromEntries(given),
    });
    return id;
  }

  flow(op: string, inputs: readonly string[], made: Omit<Flow, 'id'>, parameters: Parameters = {}): Flow {
    return this.keep({ ...made, id: this.node(op, inputs, parameters) });
  }

  keep(flow: Flow): Flow {
    this.#flows.push(flow);
    return flow;
  }

  /** One of the flows made so far that is fit for it. */
  earlier(fits: (flow: Flow) => boolean): Flow | undefined {
    const found = this.#flows.filter(fits);
    return found.length === 0 ? undefined : this.dice.from(found);
  }

  /** The name of a new store, or none. */
  store(probability = 0.4): string | undefined {
    return this.dice.chance(probability) ? this.storeName() : undefined;
  }

  storeName(): string {
    return `store${++this.#stores}`;
  }

  /** A topic that no other source reads. */
  topic(name: string, shape: Partial<TopicShape> = {}): string {
    let free = name;
    for (let i = 2; this.topics.has(free); i++) free = `${name}${i}`;
    this.topics.set(free, { ...this.#usual(), ...shape });
    return free;
  }

  stream(name = 'in', shape: Partial<TopicShape> = {}): Flow {
    return this.flow('stream', [], { is: 'stream' }, { topic: this.topic(name, shape) });
  }

  table(name = 'table', shape: Partial<TopicShape> = {}): Flow {
    const parameters = { topic: this.topic(name, { nullValues: 0.2, ...shape }), store: this.store(0.3) };
    return this.flow('table', [], { is: 'table' }, parameters);
  }

  output(flow: Flow): void {
    const records = flow.is === 'table' ? this.node('toStream', [flow.id]) : flow.id;
    this.node('to', [records], { topic: `out${++this.#outputs === 1 ? '' : this.#outputs}` });
  }

  #usual(): TopicShape {
    return {
      keys: this.dice.pick(['a'], ['a', 'b'], ['a', 'b'], plainKeys, [...plainKeys, 'v', 'w']),
      value: plainValue,
      weight: 1,
      nullKeys: this.dice.pick(0, 0.03, 0.08),
      nullValues: this.dice.pick(0, 0.05, 0.15),
    };
  }
}

export function plainValue(dice: Dice, serial: number): string | number {
  if (dice.chance(0.15)) return dice.pick('x', 'y', 'v');
  if (dice.chance(0.06)) return dice.pick<string | number>('', '7', '-3', 5, 0, -2, 1);
  return `${dice.pick('v', 'w', 'x', 'y')}${serial}`;
}
