import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../src/dsl/codecs/bytes.ts';
import { headed } from '../../../src/dsl/codecs/headed.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { failure } from '../failure.ts';

type Header = readonly [number, string | null];
const header = fc.tuple(fc.nat(), fc.option(fc.string({ unit: 'binary' }).map((one) => one.toWellFormed())));

describe('headed', () => {
  it('is text where its body is, and readable', () => {
    const codec = headed<Header, string>(text);
    if (codec.format !== 'text') throw new Error('not text');
    expect([codec.name, codec.encode({ header: [1, 'x'], body: 'one\ntwo' })]).toEqual([
      'headed(text)',
      '[1,"x"]\none\ntwo',
    ]);
    expect(codec.encode({ header: [1, null], body: null })).toBe('[1,null]');
  });

  const texts = fc.option(fc.string({ unit: 'binary' }).map((body) => body.toWellFormed()));
  test.prop([header, texts])('reads what it has written: texts', (given, body) => {
    const codec = headed<Header, string>(text);
    if (codec.format !== 'text') throw new Error('not text');
    const written = Buffer.from(codec.encode({ header: given, body })).toString();
    expect(codec.decode(written)).toEqual({ header: given, body });
  });

  const buffers = fc.option(fc.uint8Array().map((octets) => Buffer.from(octets)));
  test.prop([header, buffers])('reads what it has written: bytes', (given, body) => {
    const codec = headed<Header, Buffer>(bytes);
    if (codec.format !== 'bytes') throw new Error('not bytes');
    expect(codec.decode(codec.encode({ header: given, body }))).toEqual({ header: given, body });
  });

  it.each(['', '[1', '\n', 'x\ny'])('refuses the damaged text %o', (damaged) => {
    const ofText = headed<Header, string>(text);
    const ofBytes = headed<Header, Buffer>(bytes);
    if (ofText.format !== 'text' || ofBytes.format !== 'bytes') throw new Error('other formats');
    expect(failure(() => ofText.decode(damaged)).code).toBe('DECODE_FAILED');
    expect(failure(() => ofBytes.decode(Buffer.from(damaged))).code).toBe('DECODE_FAILED');
  });
});
