import { MillraceError } from '../../errors.ts';
import type { Node } from '../node.ts';

/** Every node that the given ones rest on, once each, inputs before the nodes that read them. */
export function collect(ends: readonly Node[]): readonly Node[] {
  if (ends.length === 0) {
    throw new MillraceError('INVALID_ARGUMENT', 'An application without sinks does nothing', {
      expected: 'at least one stream that ends in to(), or a table to keep',
      found: 'an empty list of sinks',
      next: "Finish a stream with to('topic') and give the result to app() as one of its sinks.",
    });
  }
  const seen = new Set<Node>();
  const ordered: Node[] = [];
  // Depth first with a stack of its own: a pipeline of a thousand steps must not overflow the call stack.
  const stack: { node: Node; next: number }[] = [];
  for (const end of ends) {
    if (!seen.has(end)) stack.push({ node: end, next: 0 });
    seen.add(end);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input === undefined) {
        ordered.push(top.node);
        stack.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        stack.push({ node: input, next: 0 });
      }
    }
  }
  return ordered;
}
