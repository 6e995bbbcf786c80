import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { ResponseFrames } from '../../../../src/runtime/transport/kafka/responseFrames.ts';

const framed = (payload: Buffer): Buffer => {
  const header = Buffer.alloc(4);
  header.writeInt32BE(payload.length);
  return Buffer.concat([header, payload]);
};

describe('ResponseFrames', () => {
  const payload = fc.uint8Array({ minLength: 4, maxLength: 300 }).map((array): Buffer => Buffer.from(array));

  test.prop([fc.array(payload), fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 })])(
    'delivers the same responses however the bytes are cut',
    (payloads, cuts) => {
      const bytes = Buffer.concat(payloads.map(framed));
      const delivered: Buffer[] = [];
      const frames = new ResponseFrames((frame) => delivered.push(frame));
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const length = cuts[turn % cuts.length]!;
        frames.push(bytes.subarray(at, at + length));
        at += length;
      }
      expect(delivered).toEqual(payloads);
    },
  );

  it('keeps nothing of a chunk, which the next read writes over', () => {
    const delivered: Buffer[] = [];
    const frames = new ResponseFrames((frame) => delivered.push(frame));
    const bytes = Buffer.concat([framed(Buffer.from('12345')), framed(Buffer.from('6789'))]);
    for (const part of [bytes.subarray(0, 11), bytes.subarray(11)]) {
      const chunk = Buffer.from(part);
      frames.push(chunk);
      chunk.fill(0);
    }
    expect(delivered.map(String)).toEqual(['12345', '6789']);
  });

  it('gives a response of several chunks a buffer of exactly its size', () => {
    const bytes = framed(Buffer.alloc(200_000, 7));
    const delivered: Buffer[] = [];
    const frames = new ResponseFrames((frame) => delivered.push(frame));
    for (let at = 0; at < bytes.length; at += 65_536) frames.push(bytes.subarray(at, at + 65_536));
    expect(delivered[0]!.buffer.byteLength).toBe(200_000);
  });

  it.each([
    ['a negative length', 'ffffffff'],
    ['a length too short for a header', '00000003'],
    ['the beginning of an HTTP response', Buffer.from('HTTP').toString('hex')],
    ['a TLS alert', '15030300'],
  ])('refuses %s', (_, hex) => {
    const frames = new ResponseFrames(() => {});
    expect(() => frames.push(Buffer.from(`${hex}00`, 'hex'))).toThrow(/a response of -?\d+ bytes/);
  });
});
