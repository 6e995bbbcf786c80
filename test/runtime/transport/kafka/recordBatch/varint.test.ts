import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  varintSize,
  varlongSize,
  writeVarint,
  writeVarlong,
} from '../../../../../src/runtime/transport/kafka/recordBatch/varint.ts';

/** The definition, in arithmetic that is exact at any size. */
function zigzag(value: number): number[] {
  let rest = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

const edges = [0, 1, 63, 64, 8191, 8192, 2 ** 20 - 1, 2 ** 20, 2 ** 27, 2 ** 31 - 1];
const longEdges = [...edges, 2 ** 31, 2 ** 32, 2 ** 34, 2 ** 48, Number.MAX_SAFE_INTEGER];

describe('writeVarint', () => {
  it('writes what the definition says, in as many bytes as varintSize says', () => {
    const law = (value: number) => {
      const buffer = Buffer.alloc(8, 0xee);
      const end = writeVarint(buffer, 1, value);
      expect([...buffer.subarray(1, end)]).toEqual(zigzag(value));
      expect(varintSize(value)).toBe(end - 1);
      expect(buffer[end]).toBe(0xee);
    };
    for (const edge of edges) [edge, -edge, -edge - 1].forEach(law);
    fc.assert(fc.property(fc.integer(), law));
  });
});

describe('writeVarlong', () => {
  it('writes what the definition says, in as many bytes as varlongSize says', () => {
    const law = (value: number) => {
      const buffer = Buffer.alloc(12, 0xee);
      const end = writeVarlong(buffer, 1, value);
      expect([...buffer.subarray(1, end)]).toEqual(zigzag(value));
      expect(varlongSize(value)).toBe(end - 1);
      expect(buffer[end]).toBe(0xee);
    };
    for (const edge of longEdges) [edge, -edge].forEach(law);
    fc.assert(fc.property(fc.maxSafeInteger(), law));
  });
});
