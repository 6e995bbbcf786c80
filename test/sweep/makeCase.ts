import type { Case, CaseNode } from '../conformance/format.ts';
import { areas } from './areas.ts';
import { randomInputs } from './inputs.ts';
import { Sketch } from './sketch.ts';
import { unsound } from './soundness.ts';

/** A case that has not been run: nothing is expected of it yet. */
export type Question = Omit<Case, 'expected'>;

/** The same case for the same seed, index and area; without an area they take turns. */
export function makeCase(seed: number, index: number, only?: string): Question {
  const names = Object.keys(areas);
  const area = only ?? names[index % names.length]!;
  for (let attempt = 0; ; attempt++) {
    const sketch = new Sketch(`${seed}/${area}/${index}/${attempt}`);
    areas[area]!(sketch);
    const topology = sketch.nodes as unknown as readonly CaseNode[];
    if (unsound({ topology }) === undefined) {
      return { name: `${area}-${seed}-${index}`, area, topology, inputs: randomInputs(sketch) };
    }
  }
}
