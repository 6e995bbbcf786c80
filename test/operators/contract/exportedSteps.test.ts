import { describe, expect, it } from 'vitest';
import { topology } from '../../../src/dsl/topology.ts';
import { exportedSteps } from './exportedSteps.ts';
import { statefulOperators } from './statefulOperators.ts';
import { statelessOperators } from './statelessOperators.ts';

const stateful = new Set(statefulOperators.flatMap(({ shows }) => shows));
const stateless = Object.entries(statelessOperators);

describe('the operators of src/index.ts', () => {
  it('stand in the contract of stateful operators, or among those that keep nothing', () => {
    const listed = [...stateful, ...stateless.map(([name]) => name)].sort();
    expect(listed).toEqual(exportedSteps());
    expect(listed.length).toBeGreaterThan(45);
  });

  it.each(stateless)('%s keeps nothing', (_name, sink) => {
    const steps = topology([sink]).subtopologies.flatMap((piece) => piece.steps);
    const keeping = steps.filter(({ operator, stores }) => stores.length > 0 && !keepers.has(operator.kind));
    expect(keeping.map(({ name }) => name)).toEqual([]);
  });
});

/** In the way of some that keep nothing. */
const keepers = new Set(['table', 'count']);
