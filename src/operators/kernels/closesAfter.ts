import type { Node, WindowSpec } from '../../dsl/node.ts';

/**
 * How long after its end, in ms of stream time, a window of the table takes no records any more: of tables that were joined the
 * longest. undefined where not all that it is made of has windows.
 */
export function closesAfter({ inputs, operator }: Node): number | undefined {
  const [first] = inputs;
  if (first === undefined || operator.rekeys) return undefined;
  if (first.shape === 'windowed') return closing(first.window!);
  let longest = 0;
  for (const input of inputs) {
    if (input.shape === 'globalTable') continue;
    const wait = closesAfter(input);
    if (wait === undefined) return undefined;
    longest = Math.max(longest, wait);
  }
  return longest;
}

/** As Kafka Streams has it, for all kinds alike: windows whose ends are inclusive still take records for a moment more. */
function closing(window: WindowSpec): number {
  return window.kind === 'session' ? window.gap + window.grace : window.grace;
}
