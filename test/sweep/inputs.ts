import type { CaseInput } from '../conformance/format.ts';
import type { Dice } from './dice.ts';
import type { Sketch, TopicShape } from './sketch.ts';

/** Records for the topics of a sketch, their timestamps near what its windows, graces and limits make interesting. */
export function randomInputs(sketch: Sketch): CaseInput[] {
  const { dice, topics } = sketch;
  const names = [...topics].map(([name, { weight }]) => [weight, name] as const);
  const marks = marksOf(sketch);
  const times = randomTimes(
    dice,
    dice.weighted([
      [1, dice.between(2, 5)],
      [6, dice.between(6, 16)],
      [2, dice.between(17, 28)],
    ]),
    marks,
  );
  const withHeaders = dice.chance(0.15);
  const withClock = JSON.stringify(sketch.nodes).includes('"wall"');
  const inputs: CaseInput[] = [];
  for (const [serial, timestamp] of times.entries()) {
    const topic = dice.weighted(names);
    const record = { topic, ...content(dice, topics.get(topic)!, serial), timestamp };
    const headers = [['h', `h${serial}`]] as const;
    inputs.push(withHeaders && dice.chance(0.6) ? { ...record, headers } : record);
    if (withClock && dice.chance(0.4)) inputs.push({ advanceWallClock: dice.pick(1, 4, 5, 6, 10, 23) });
  }
  return inputs;
}

function content(
  dice: Dice,
  { keys, value, nullKeys, nullValues }: TopicShape,
  serial: number,
): { key: string | null; value: string | number | null } {
  const key = dice.chance(nullKeys) ? null : dice.from(keys);
  return { key, value: dice.chance(nullValues) ? null : value(dice, serial) };
}

/** All durations of the topology, where something begins, ends or is let go. */
function marksOf({ nodes }: Sketch): number[] {
  const found = new Set<number>();
  JSON.stringify(nodes, (name, value) => {
    if (typeof value === 'number' && (name.endsWith('Ms') || name === 'ms') && value > 0 && value < 10_000)
      found.add(value);
    return value;
  });
  return found.size === 0 ? [5, 10] : [...found];
}

/** Mostly forward, with ties, edges, late and far-late records, jumps and long quiet times. */
function randomTimes(dice: Dice, count: number, marks: readonly number[]): number[] {
  const mark = (): number => dice.from(marks);
  const span = Math.max(...marks);
  const edge = (): number => dice.between(-1, 1);
  const sum = marks.reduce((total, one) => total + one, 0);
  let high = dice.pick(0, 0, span, 10 * span, 1000, 100_000);
  const times: number[] = [];
  const move = (): number =>
    dice.weighted<() => number>([
      [12, () => high],
      [10, () => high + 1],
      [18, () => high + dice.between(0, span)],
      [12, () => high + mark() + edge()],
      [8, () => (times.length === 0 ? high : dice.from(times) + dice.pick(1, -1) * mark() + edge())],
      [10, () => high - dice.between(0, span)],
      [9, () => high - mark() - dice.pick(0, mark(), mark() + mark()) + edge()],
      [7, () => (Math.floor(high / mark()) + dice.between(-1, 2)) * mark() + edge()],
      [5, () => high + mark() + mark() + dice.between(-1, 2)],
      [5, () => high + 3 * sum],
      [2, () => high + dice.pick(60_000, 3_600_000, 86_400_000, 90_000_000)],
      [2, () => dice.between(0, span)],
    ])();
  while (times.length < count) {
    const time = Math.max(0, move());
    high = Math.max(high, time);
    times.push(time);
  }
  if (dice.chance(0.5)) times.push(high + 4 * sum + 1);
  return times;
}
