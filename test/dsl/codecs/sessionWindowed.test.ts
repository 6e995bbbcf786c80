import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { bytes } from '../../../src/dsl/codecs/bytes.ts';
import { sessionWindowed } from '../../../src/dsl/codecs/sessionWindowed.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { failure } from '../failure.ts';

const visits = sessionWindowed(text);

describe('sessionWindowed', () => {
  property.prop([fc.string({ unit: 'binary' }), fc.nat({ max: 2 ** 52 }), fc.nat()])(
    'gives back what it takes',
    (key, start, length) => {
      const window = { key, start, end: start + length };
      expect(visits.decode(visits.encode(window))).toEqual(window);
    },
  );

  test('writes as Kafka Streams does: the key, then the end, then the start', () => {
    expect(visits.encode({ key: 'hé', start: 258, end: 772 }).toString('hex')).toBe(
      '68c3a900000000000003040000000000000102',
    );
  });

  test('sends sessions of a key to the partition of the key, and tells sessions apart', () => {
    const one = { key: 'a', start: 0, end: 5 };
    expect(visits.partitionBy?.(one)).toBe('a');
    expect(visits.identity?.(one)).not.toBe(visits.identity?.({ ...one, end: 6 }));
    expect(visits.identity?.(one)).not.toBe(visits.identity?.({ ...one, start: 1 }));
  });

  test('refuses what is no session, and bytes that hold none', () => {
    for (const wrong of [{ start: 2, end: 1 }, { start: -1, end: 1 }, { start: 0 }, {}]) {
      expect(failure(() => visits.encode({ key: 'a', ...wrong } as never)).code).toBe('ENCODE_FAILED');
    }
    expect(failure(() => visits.decode(Buffer.alloc(15))).code).toBe('DECODE_FAILED');
    expect(failure(() => sessionWindowed(bytes).decode(Buffer.alloc(16, 0xff))).code).toBe('DECODE_FAILED');
    expect(failure(() => visits.decode(Buffer.concat([Buffer.from([0xff]), Buffer.alloc(16)]))).code).toBe(
      'DECODE_FAILED',
    );
  });
});
