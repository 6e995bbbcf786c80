import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from '../../../src/runtime/transport/murmur2.ts';

interface Vector {
  readonly key: string;
  readonly hash: number;
  readonly of12: number;
  readonly of7: number;
}

/** Made with Utils.murmur2 and BuiltInPartitioner of kafka-clients 4.1.1. */
const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../../vectors/murmur2.json', import.meta.url), 'utf8'),
);

describe('murmur2', () => {
  it('gives the hash of the Java client for every vector', () => {
    expect(vectors.length).toBeGreaterThan(100);
    for (const { key, hash } of vectors) expect(murmur2(Buffer.from(key, 'base64'))).toBe(hash);
  });

  it('gives a text the hash of its UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(murmur2(text)).toBe(murmur2(Buffer.from(text)));
      }),
    );
  });

  it('sees a character beyond ASCII at any place', () => {
    for (let length = 1; length < 12; length++) {
      for (let place = 0; place < length; place++) {
        const text = `${'x'.repeat(place)}é${'x'.repeat(length - place - 1)}`;
        expect(murmur2(text)).toBe(murmur2(Buffer.from(text)));
      }
    }
  });
});

describe('partitionOf', () => {
  it('chooses the partition of the Java default partitioner', () => {
    for (const { key, of12, of7 } of vectors) {
      expect(partitionOf(Buffer.from(key, 'base64'), 12)).toBe(of12);
      expect(partitionOf(Buffer.from(key, 'base64'), 7)).toBe(of7);
    }
  });

  it('is never negative', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1000 }), (bytes, partitions) => {
        const partition = partitionOf(Buffer.from(bytes), partitions);
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(partitions);
      }),
    );
  });
});
