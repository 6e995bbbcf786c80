import { MillraceError } from '../../errors.ts';
import type { AnyCodec } from '../node.ts';
import type { Draft } from './link.ts';

/** Asynchronous steps run ahead of the task, before its state: nothing that keeps state may stand before them. */
export function checkAsync(drafts: readonly Draft[]): void {
  for (const draft of drafts) {
    if (draft.operator.async === undefined) continue;
    const before = [...draft.inputs];
    for (let step = before.pop(); step !== undefined; step = before.pop()) {
      const table = step.operator.source !== undefined && step.node.shape === 'table';
      if (step.operator.stores !== undefined || table) {
        throw new MillraceError(
          'MISPLACED_STEP',
          `${draft.operator.kind} stands behind a step that keeps state`,
          {
            step: draft.path,
            expected: 'only stateless steps between the source and an asynchronous step',
            found: `${step.operator.kind} (${step.path})`,
            next: 'Move it before the first stateful step, or put repartition() between them.',
          },
        );
      }
      before.push(...step.inputs);
    }
  }
}

/** Sides that are joined must write their keys alike, or equal keys would land in different partitions. */
export function checkKeys(drafts: readonly Draft[]): void {
  for (const draft of drafts) {
    if (draft.operator.keyed !== true || draft.inputs.length < 2) continue;
    const sides = draft.inputs.filter(({ node }) => node.shape !== 'globalTable');
    const [first, ...others] = sides.map((side) => side.node.key).filter((key) => key !== undefined);
    const nameOf = draft.operator.kind === 'process' ? placeName : plainName;
    const odd = first === undefined ? undefined : others.find((key) => nameOf(key) !== nameOf(first));
    if (first !== undefined && odd !== undefined) {
      throw new MillraceError('INVALID_ARGUMENT', 'The two sides of a join write their keys differently', {
        step: draft.path,
        expected: `one codec for the keys of both sides: ${plainName(first)}`,
        found: plainName(odd),
        next: 'Use the same key codec on both sides; keyBy(key, codec) and repartition({ key }) take one.',
      });
    }
  }
}

function plainName(codec: AnyCodec): string {
  return codec.name.replace(/^nullable\((.*)\)$/, '$1');
}

/** What chooses the partition: rows of windows lie where the keys of the windows do, and are found beside records with those keys. */
function placeName(codec: AnyCodec): string {
  return plainName(codec)
    .replace(/^windowed\((.*), \d+ms\)$/, '$1')
    .replace(/^sessionWindowed\((.*)\)$/, '$1');
}
