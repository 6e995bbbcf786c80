import type { Case } from '../conformance/format.ts';

/** A case and what differs in it, to be read: a node, an input and a difference per line. */
export function show({ name, topology, inputs }: Case, differences: readonly string[]): string {
  const nodes = topology.map(({ id, op, in: from, ...parameters }) => {
    const rest = Object.keys(parameters).length === 0 ? '' : ` ${JSON.stringify(parameters)}`;
    return `  ${id} = ${op}(${from?.join(', ') ?? ''})${rest}`;
  });
  const records = inputs.map((input, step) => {
    if (!('topic' in input)) return `  step ${step}: ${input.advanceWallClock} ms go by`;
    const { topic, key, value, timestamp, headers } = input;
    const more = headers === undefined ? '' : ` headers ${JSON.stringify(headers)}`;
    return `  step ${step}: ${topic} ${JSON.stringify(key)} = ${JSON.stringify(value)} at ${timestamp}${more}`;
  });
  const told = differences.map((line) => `  ${line}`);
  return [`DIFFERENT ${name}`, ...nodes, 'inputs:', ...records, '- Kafka Streams, + millrace:', ...told].join(
    '\n',
  );
}
