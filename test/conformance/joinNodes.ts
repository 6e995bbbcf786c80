import { joinGlobal, joinTable, leftJoinGlobal, leftJoinTable } from 'millrace';
import type { Builder } from './builder.ts';
import type { CaseNode } from './format.ts';
import { combiner, mapper } from './functions.ts';
import { NotSupported } from './notSupported.ts';

type Describe = (builder: Builder, node: CaseNode) => void;

export const joinNodes: Readonly<Record<string, Describe>> = {
  streamTableJoin(builder, node) {
    if (node.graceMs !== undefined) throw new NotSupported('streamTableJoin (grace)');
    const join = combiner(node.joiner);
    const input = builder.stream(node);
    const rows = builder.table(node, 1);
    const made =
      node.type === 'inner'
        ? input.pipe(joinTable(rows, (value, row, { key }) => join(key, value, row)))
        : input.pipe(leftJoinTable(rows, (value, row, { key }) => join(key, value, row)));
    builder.put(node.id, { stream: made });
  },
  streamGlobalTableJoin(builder, node) {
    const join = combiner(node.joiner);
    const of = mapper(node.key!);
    const input = builder.stream(node);
    const rows = builder.globalTable(node, 1);
    const made =
      node.type === 'inner'
        ? input.pipe(
            joinGlobal(
              rows,
              (value, { key }) => of(key, value),
              (value, row, { key }) => join(key, value, row),
            ),
          )
        : input.pipe(
            leftJoinGlobal(
              rows,
              (value, { key }) => of(key, value),
              (value, row, { key }) => join(key, value, row),
            ),
          );
    builder.put(node.id, { stream: made });
  },
};
