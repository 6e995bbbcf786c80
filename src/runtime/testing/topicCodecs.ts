import { bytes } from '../../dsl/codecs/bytes.ts';
import type { AnyCodec } from '../../dsl/node.ts';
import type { Step, Topology } from '../../dsl/topology.ts';
import { MillraceError } from '../../errors.ts';

export interface AnyTopicCodecs {
  readonly key: AnyCodec;
  readonly value: AnyCodec;
}

/** How a topic is read by the topology; UNKNOWN_TOPIC when nothing reads it. */
export function sourceCodecs(
  { subtopologies, globalTables }: Topology,
  topic: string,
  nameOf: (step: Step) => string,
): AnyTopicCodecs {
  const sources = [...subtopologies.flatMap((piece) => piece.sources), ...globalTables];
  const source = sources.find((step) => nameOf(step) === topic);
  if (source === undefined) {
    throw new MillraceError('UNKNOWN_TOPIC', 'Nothing reads this topic', {
      topic,
      expected: `one of ${[...new Set(sources.map(nameOf))].join(', ')}`,
      next: 'Send to a topic that is a source of the topology.',
    });
  }
  const { key = source.node.key!, value = source.node.value! } = source.operator.source ?? {};
  return { key, value };
}

/** How a topic is written. One that no sink names may be chosen by a sink per record; dead letters are bytes. */
export function sinkCodecs(
  { subtopologies }: Topology,
  topic: string,
  nameOf: (step: Step) => string,
): AnyTopicCodecs {
  const steps = subtopologies.flatMap((piece) => piece.steps);
  const raw = steps.some(({ operator: { source } }) => {
    const policy = source?.onError;
    return typeof policy === 'object' && policy.deadLetters === topic;
  });
  const sinks = steps.filter((step) => step.node.shape === 'sink');
  const named = sinks.find((step) => step.topic !== undefined && nameOf(step) === topic);
  const sink = named ?? (raw ? undefined : sinks.find((step) => step.topic === undefined));
  return { key: sink?.node.key ?? bytes, value: sink?.node.value ?? bytes };
}
