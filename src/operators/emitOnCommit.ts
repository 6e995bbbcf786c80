import { identityOf } from '../dsl/codecs/identityOf.ts';
import type { AnyCodec, AnyMessage, Operator } from '../dsl/node.ts';
import type { AnyTable, Op } from '../dsl/types.ts';
import { append } from './kernels/append.ts';
import { inputNode } from './kernels/inputNode.ts';
import { keyCodec } from './kernels/keyCodec.ts';

/**
 * Holds the changes of a table back and emits, at each commit, one per key: from the row as it was last emitted to the row
 * as it is. Rows that came and went in between leave no trace. How often commits are is a setting of the application.
 *
 * Timestamp and headers are those of the key's last change. Keeps no state beyond a commit: what is held back is emitted
 * before it, or comes again with the records it came from. Whoever reads the table finds the row as it is, held back or not.
 *
 * @example
 * clicks.pipe(keyBy((click) => click.page), count(), emitOnCommit(), to('clicks-by-page'));
 */
export function emitOnCommit<S extends AnyTable>(): Op<S, S>;
export function emitOnCommit(): Op<AnyTable, AnyTable> {
  return (input) => {
    const node = inputNode('emitOnCommit', input, ['table']);
    return append(input, ['table'], holding(keyCodec('emitOnCommit', node, undefined)));
  };
}

interface Held {
  /** The row as whoever is downstream knows it. */
  readonly before: unknown;
  last: AnyMessage;
}

function holding(codec: AnyCodec): Operator {
  const identify = identityOf(codec);
  return {
    kind: 'emitOnCommit',
    run(task, emit) {
      const held = new Map<string | number, Held>();
      const identityOfKey = task.guard(identify);
      task.beforeCommit(() => {
        for (const { before, last } of held.values()) {
          const { key, value, timestamp, headers } = last;
          if (before === null && value.after === null) continue;
          emit({ key, value: { before, after: value.after }, timestamp, headers });
        }
        held.clear();
      });
      return [
        (message) => {
          if (message.value.outOfOrder) return; // the row is as it was
          const identity = identityOfKey(message.key);
          const known = held.get(identity);
          if (known === undefined) held.set(identity, { before: message.value.before, last: message });
          else known.last = message;
        },
      ];
    },
    view: (_task, [input]) => input!,
  };
}
