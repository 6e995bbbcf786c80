import { aggregationNodes } from './aggregationNodes.ts';
import { Builder } from './builder.ts';
import type { Case } from './format.ts';
import { joinNodes } from './joinNodes.ts';
import { NotSupported } from './notSupported.ts';
import { processNodes } from './processNodes.ts';
import { statelessNodes } from './statelessNodes.ts';

const nodes = { ...statelessNodes, ...aggregationNodes, ...joinNodes, ...processNodes };

/** Describes a case with millrace's public DSL and gives what is to be run. */
export function describeCase({ topology }: Case, cached = false): Builder['ends'] {
  const missing = [...new Set(topology.map(({ op }) => op))].filter((op) => nodes[op] === undefined);
  if (missing.length > 0) throw new NotSupported(missing.join(', '));
  const builder = new Builder(topology, cached);
  for (const node of topology) nodes[node.op]!(builder, node);
  return builder.ends;
}
