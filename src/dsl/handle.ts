import type { Node } from './node.ts';
import { pipe } from './pipe.ts';

/** Freezes a node and wraps it in the handle that carries its types. The caller names the handle's type: H. */
export function handle<H extends { readonly node: Node }>(node: Node): H {
  const frozen = Object.freeze({ ...node, inputs: Object.freeze([...node.inputs]) });
  const piped = frozen.shape === 'sink' ? {} : { pipe };
  return Object.freeze({ shape: frozen.shape, node: frozen, ...piped }) as unknown as H;
}
