import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { hopping } from '../../../src/dsl/windows/hopping.ts';
import { tumbling } from '../../../src/dsl/windows/tumbling.ts';
import { firstWindowStart, windowStarts } from '../../../src/dsl/windows/windowStarts.ts';

const spec = fc
  .record({
    size: fc.integer({ min: 1, max: 60 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    offset: fc.integer(),
  })
  .map(({ size, part, offset }) => hopping(size, { advance: Math.max(1, Math.round(size * part)), offset }));

/** The definition, tried on every moment a window could start at. */
function definition({ size, advance, offset }: ReturnType<typeof hopping>, timestamp: number): number[] {
  const starts: number[] = [];
  for (let start = Math.max(0, timestamp - size + 1); start <= timestamp; start++) {
    if (start % advance === offset) starts.push(start);
  }
  return starts;
}

describe('windowStarts', () => {
  property.prop([spec, fc.oneof(fc.nat(200), fc.nat({ max: 2 ** 50 }))])(
    'gives exactly the aligned windows that hold the timestamp, ascending',
    (windows, timestamp) => {
      expect(windowStarts(windows, timestamp)).toEqual(definition(windows, timestamp));
    },
  );

  property.prop([spec, fc.nat(500)])(
    "agrees with Kafka Streams' windowsFor where there is no offset",
    (windows, timestamp) => {
      const { size, advance } = windows;
      const expected: number[] = [];
      let start = Math.floor(Math.max(0, timestamp - size + advance) / advance) * advance;
      for (; start <= timestamp; start += advance) expected.push(start);
      expect(windowStarts({ ...windows, offset: 0 }, timestamp)).toEqual(expected);
    },
  );

  property.prop([fc.integer({ min: 1, max: 1000 }), fc.integer(), fc.nat({ max: 2 ** 50 })])(
    'gives one tumbling window, none before the offset',
    (size, offset, timestamp) => {
      const windows = tumbling(size, { offset });
      expect(windowStarts(windows, timestamp)).toHaveLength(timestamp < windows.offset ? 0 : 1);
    },
  );

  test('takes the start into a window and leaves the end out', () => {
    const windows = tumbling(10);
    expect([0, 9, 10, 19, 20].map((timestamp) => windowStarts(windows, timestamp)[0])).toEqual([
      0, 0, 10, 10, 20,
    ]);
  });

  test('starts no window before 0', () => {
    const windows = hopping(10, { advance: 3 });
    expect(windowStarts(windows, 0)).toEqual([0]);
    expect(windowStarts(windows, 9)).toEqual([0, 3, 6, 9]);
    expect(windowStarts(windows, 10)).toEqual([3, 6, 9]);
  });

  test('starts the first window at the offset', () => {
    const windows = hopping(10, { advance: 5, offset: -3 });
    expect(windowStarts(windows, 1)).toEqual([]);
    expect(windowStarts(windows, 2)).toEqual([2]);
    expect(windowStarts(windows, 11)).toEqual([2, 7]);
    expect(windowStarts(windows, 12)).toEqual([7, 12]);
  });

  test('cuts days at midnight in Seoul', () => {
    const days = tumbling('1d', { offset: '-9h' });
    const [start] = windowStarts(days, Date.parse('2026-03-01T23:30:00+09:00'));
    expect(start).toBe(Date.parse('2026-03-01T00:00:00+09:00'));
    expect(windowStarts(days, Date.parse('2026-03-02T00:00:00+09:00'))[0]).toBe(
      Date.parse('2026-03-02T00:00:00+09:00'),
    );
  });
});

describe('firstWindowStart', () => {
  property.prop([spec, fc.nat(500)])(
    'gives the first of them, or something later than the timestamp',
    (windows, timestamp) => {
      const first = firstWindowStart(windows, timestamp);
      const [expected] = windowStarts(windows, timestamp);
      if (expected === undefined) expect(first).toBeGreaterThan(timestamp);
      else expect(first).toBe(expected);
    },
  );
});
