import type { Case, CaseNode } from '../conformance/format.ts';

/** A way from an input to a node: the internal topics on it. */
interface Way {
  readonly from: string;
  readonly hops: readonly string[];
}

interface Reached {
  readonly ways: readonly Way[];
  /** Its key was changed: what needs it by key first sends it through an internal topic. */
  readonly moved: boolean;
}

/** Begins the names of topics that Kafka Streams does not have. */
const onlyHere = '?';

/** Processors with stores: in millrace they get their records by key. */
const keeping = new Set(['dedupe', 'runningCount', 'bufferLatest', 'tick']);

/** What changes keys, so that a topic is put in front of the next step with state. */
const moving = new Set(['map', 'flatMap', 'selectKey', 'process']);

/**
 * Whether the results depend on the order in which two internal topics are read that one record fed: no case may (section 5
 * of the format), because Kafka Streams promises none.
 */
export function dependsOnOrder({ topology }: Pick<Case, 'topology'>): boolean {
  return reach(topology).dependent;
}

/** Whether the key of a node's input was changed, so that an internal topic comes in front of the node. */
export function movedBefore({ topology }: Pick<Case, 'topology'>, node: CaseNode, index: number): boolean {
  return reach(topology).reached.get(nodeOf(node.in![index]!))!.moved;
}

/** Whether an input of a node comes by internal topics. */
export function comesByTopic({ topology }: Pick<Case, 'topology'>, node: CaseNode, index: number): boolean {
  return reach(topology)
    .reached.get(nodeOf(node.in![index]!))!
    .ways.some(({ hops }) => hops.length > 0);
}

const nodeOf = (id: string): string => id.split('.')[0]!;

function reach(topology: readonly CaseNode[]): { reached: ReadonlyMap<string, Reached>; dependent: boolean } {
  const reached = new Map<string, Reached>();
  let dependent = false;
  for (const node of topology) {
    const inputs = (node.in ?? []).map((id) => reached.get(nodeOf(id))!);
    const ways = inputs.map((input, index) => crossed(node, input, index));
    dependent ||= !ways.every((some, i) => ways.slice(i + 1).every((others) => compatible(some, others)));
    reached.set(node.id, { ways: unique(ways.flat().concat(begun(node))), moved: moves(node, inputs) });
  }
  return { reached, dependent };
}

/** The ways of an input once they have come into the node. */
function crossed(
  { id, op, in: ids, key, processor }: CaseNode,
  { ways, moved }: Reached,
  index: number,
): readonly Way[] {
  const through = (...hops: string[]): Way[] => ways.map((way) => ({ ...way, hops: [...way.hops, ...hops] }));
  if (op === 'repartition') return through(id);
  if (op === 'foreignKeyJoin')
    return index === 0 ? through(`${id} left`, `${id} back`) : through(`${id} back`);
  if (op === 'groupBy' && key !== undefined) return through(id);
  if (op === 'process') return moved && keeping.has(processor.fn) ? through(onlyHere + id) : ways;
  const byKey =
    ['groupByKey', 'toTable', 'streamStreamJoin'].includes(op) || (op === 'streamTableJoin' && index === 0);
  return byKey && moved ? through(`${id} ${ids!.length > 1 ? index : ''}`) : ways;
}

/** Timers are inputs of their own. */
function begun({ id, op, topic, processor }: CaseNode): readonly Way[] {
  if (op === 'stream' || op === 'table' || op === 'globalTable') return [{ from: topic, hops: [] }];
  if (processor?.clock === undefined) return [];
  return [{ from: processor.clock === 'wall' ? 'wall' : id, hops: [] }];
}

function moves({ op, key }: CaseNode, inputs: readonly Reached[]): boolean {
  if (moving.has(op) || (op === 'toStream' && key !== undefined)) return true;
  const carries = [
    'filter',
    'filterNot',
    'mapValues',
    'flatMapValues',
    'split',
    'merge',
    'streamGlobalTableJoin',
  ];
  return carries.includes(op) && inputs.some(({ moved }) => moved);
}

/** Where both come from one input, one comes at once on both sides, or both come by the same topics. */
function compatible(some: readonly Way[], others: readonly Way[]): boolean {
  const atOnce = (one: Way, other: Way): boolean =>
    one.hops.length === 0 && !other.hops.some((hop) => hop.startsWith(onlyHere));
  return some.every((one) =>
    others.every(
      (other) =>
        one.from !== other.from ||
        atOnce(one, other) ||
        atOnce(other, one) ||
        one.hops.join() === other.hops.join(),
    ),
  );
}

function unique(ways: readonly Way[]): Way[] {
  return [...new Map(ways.map((way) => [`${way.from} ${way.hops.join()}`, way])).values()];
}

/**
 * Whether the case reads the stream time of its task in a place where that of the test driver, which runs all parts of a topology as
 * one task, is another than that of an application.
 */
export function readsTimeOfOthers({ topology }: Pick<Case, 'topology'>): boolean {
  const { reached } = reach(topology);
  const reading = topology.filter(
    ({ processor }) => processor?.fn === 'streamTime' || processor?.clock === 'stream',
  );
  if (reading.length === 0) return false;
  const topics = topology.filter(({ op }) => op === 'stream' || op === 'table').map(({ topic }) => topic);
  if (new Set(topics).size > 1) return true;
  if (topology.some(({ processor }) => movingTime.has(processor?.fn ?? '') || processor?.clock === 'wall'))
    return true;
  return reading.some(({ id }) => reached.get(id)!.ways.some(({ hops }) => hops.length > 0));
}

const movingTime = new Set(['shiftTimestamp', 'timestampFromValue']);

/** Whether timers of the wall clock stand behind each other: an advance fires those of all tasks, in no order. */
export function chainsClocks({ topology }: Pick<Case, 'topology'>): boolean {
  const { reached } = reach(topology);
  const clocks = topology.filter(({ processor }) => processor?.clock === 'wall');
  return clocks.some(({ in: ids }) =>
    reached.get(nodeOf(ids![0]!))!.ways.some(({ from }) => from === 'wall'),
  );
}

/** Whether a processor counts records that lose their key on the way: in millrace they come by key, in Kafka Streams as they are. */
export function countsKeyless({ topology }: Pick<Case, 'topology'>): boolean {
  return topology.some((node) => node.processor?.fn === 'tick' && movedBefore({ topology }, node, 0));
}
