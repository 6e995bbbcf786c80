import { handle } from '../../dsl/handle.ts';
import type { Node, Operator, Shape } from '../../dsl/node.ts';
import { inputNode } from './inputNode.ts';

/**
 * Describes a step behind `input`, which must have one of the shapes. What it emits has the shape and codecs of its input
 * but for what `emits` says; other inputs come after the first.
 */
export function append<H extends { readonly node: Node }>(
  input: unknown,
  shapes: readonly Shape[],
  operator: Operator,
  emits: Partial<Omit<Node, 'operator'>> = {},
): H {
  const node = inputNode(operator.kind, input, shapes);
  const { shape, key, value, window } = node;
  return handle({ shape, key, value, window, inputs: [node], ...emits, operator: Object.freeze(operator) });
}
