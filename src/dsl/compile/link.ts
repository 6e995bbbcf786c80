import { MillraceError } from '../../errors.ts';
import { json } from '../codecs/json.ts';
import { text } from '../codecs/text.ts';
import type { AnyCodec, Node, Operator, Receive, StepContext } from '../node.ts';

/** A step while the topology is being put together: everything but its final names. */
export interface Draft {
  readonly node: Node;
  readonly operator: Operator;
  readonly inputs: Draft[];
  /** Set on the two halves of a repartition topic; names.ts names the topic. */
  readonly crossing?: Crossing;
  /** From the source to here: what names are derived from. Not unique. */
  path: string;
  /** Unique; for people. */
  name: string;
}

/** A repartition topic: written by one sub-topology, read by another. */
export interface Crossing {
  readonly from: Draft;
  readonly key: AnyCodec;
  readonly value: AnyCodec;
  readonly partitions: number | undefined;
  /** The user's names of the steps that read it, or of the repartition() itself: the first of them names the topic. */
  readonly readers: string[];
  /** A left join pads records without a key, so they may not be dropped on the way to it. */
  keepNullKeys: boolean;
  topic: string;
}

/** Turns nodes into steps and puts a repartition topic wherever a changed key meets a step that needs it. */
export function link(nodes: readonly Node[]): Draft[] {
  const drafts: Draft[] = [];
  const byNode = new Map<Node, Draft>();
  const rekeyed = new Set<Node>();
  const crossings = new Map<Node, Draft>();

  const cross = (input: Node, reader: Node, first: boolean): Draft => {
    // An explicit repartition() has settings of its own; all steps that merely need the new key share one topic.
    const shared = reader.operator.repartition === undefined ? input : reader;
    let source = crossings.get(shared);
    if (source === undefined) {
      source = crossing(input, byNode.get(input)!, reader, drafts);
      crossings.set(shared, source);
    }
    const { readers } = source.crossing!;
    // Two inputs cannot share a topic, nor its name: those after the first that has one go by their path.
    if (reader.name !== undefined && first) readers.push(reader.name);
    return source;
  };

  for (const node of nodes) {
    const { operator } = node;
    const needsKey = operator.keyed === true || node.shape === 'windowed';
    const crosses = (input: Node): boolean => needsKey && rekeyed.has(input);
    const first = node.inputs.findIndex(
      (input) => crosses(input) || beforeWindow(byNode.get(input)!) !== undefined,
    );
    const inputs = node.inputs.map((input, index) =>
      crosses(input) ? cross(input, node, index === first) : byNode.get(input)!,
    );
    if (operator.repartition !== undefined) {
      byNode.set(node, cross(node.inputs[0]!, node, true));
      continue;
    }
    if (node.name !== undefined && first >= 0) beforeWindow(inputs[first]!)?.readers.push(node.name);
    const settled = needsKey || operator.source !== undefined;
    if (operator.rekeys || (!settled && node.inputs.some((input) => rekeyed.has(input)))) rekeyed.add(node);
    const draft: Draft = { node, operator, inputs, path: '', name: '' };
    byNode.set(node, draft);
    drafts.push(draft);
    if (operator.nullKeys === 'keep') letNullKeysCome(draft);
  }
  return drafts;
}

/** Through all repartition topics in front of the step, and the steps between them that do not look at keys. */
function letNullKeysCome({ inputs }: Draft): void {
  for (const input of inputs) letNullKeysThrough(input);
}

function letNullKeysThrough(step: Draft): void {
  if (step.crossing !== undefined) {
    step.crossing.keepNullKeys = true;
    letNullKeysThrough(step.crossing.from);
  } else if (step.node.shape === 'stream' && step.operator.keyed !== true) letNullKeysCome(step);
}

/** What a windowed step is kept under names the topic before its window, too. */
function beforeWindow({ node, inputs }: Draft): Crossing | undefined {
  return node.shape === 'windowed' ? inputs[0]?.crossing : undefined;
}

function crossing(input: Node, from: Draft, reader: Node, drafts: Draft[]): Draft {
  const explicit = reader.operator.repartition !== undefined ? reader : undefined;
  const key = explicit?.key ?? input.key ?? keyOfOtherInput(reader, input) ?? text;
  const value = explicit?.value ?? input.value ?? json();
  const shared: Crossing = {
    from,
    key,
    value,
    partitions: reader.operator.repartition?.partitions,
    readers: [],
    keepNullKeys: false,
    topic: '',
  };
  const operator = crossingSink(shared, reader);
  const sink: Draft = {
    node: { shape: 'sink', operator, inputs: [input], key, value },
    operator,
    inputs: [from],
    crossing: shared,
    path: '',
    name: '',
  };
  const source: Draft = {
    node: { shape: input.shape, operator: crossingSource, inputs: [], key, value, window: input.window },
    operator: crossingSource,
    inputs: [],
    crossing: shared,
    path: '',
    name: '',
  };
  drafts.push(sink, source);
  return source;
}

function keyOfOtherInput(reader: Node, input: Node): AnyCodec | undefined {
  return reader.inputs.find((other) => other !== input)?.key;
}

/** Writes what reaches the end of a sub-topology. Records without a key cannot be found again by key: they are given up. */
function crossingSink(shared: Crossing, reader: Node): Operator {
  const partition = reader.operator.repartition?.partitioner ?? shared.from.operator.partitioner;
  return {
    kind: 'to',
    sink: { topic: () => shared.topic, partition },
    run: (task: StepContext): readonly Receive[] => {
      const sink = { topic: shared.topic, partition, internal: true as const };
      return [
        (message) => {
          if (message.key === null && !shared.keepNullKeys) task.drop('null-key', message);
          else task.send(sink, message, shared.key, shared.value);
        },
      ];
    },
  };
}

const crossingSource: Operator = {
  kind: 'source',
  run: () => {
    throw new MillraceError('INTERNAL', 'A source was run as a step', {
      next: 'Report this to millrace with the topology.',
    });
  },
};
