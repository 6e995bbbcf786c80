import type { AnyMessage, Node } from '../../src/dsl/node.ts';

/** A sink that keeps what reaches it. */
export function observe(input: { readonly node: Node }): {
  readonly node: Node;
  readonly seen: AnyMessage[];
} {
  const seen: AnyMessage[] = [];
  const run = () => [(message: AnyMessage) => void seen.push(message)];
  return { seen, node: { shape: 'sink', operator: { kind: 'observe', run }, inputs: [input.node] } };
}
