import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../src/dsl/codecs/bytes.ts';
import { change } from '../../../src/dsl/codecs/change.ts';
import { int64 } from '../../../src/dsl/codecs/int64.ts';
import { json } from '../../../src/dsl/codecs/json.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import type { Change } from '../../../src/dsl/message.ts';
import { failure } from '../failure.ts';

const ofTexts = change(text);
const ofBytes = change(bytes);

describe('change', () => {
  it('stays text where rows are text, and names what it carries', () => {
    if (ofTexts.format !== 'text') throw new Error('not text');
    expect([ofTexts.name, ofTexts.row, ofTexts.encode({ before: 'old', after: 'new!' })]).toEqual([
      'change(text)',
      text,
      '3,4:oldnew!',
    ]);
    expect(ofTexts.encode({ before: null, after: '' })).toBe('-,0:');
    expect([change(int64).name, change(int64).format, change(json()).format]).toEqual([
      'change(int64)',
      'bytes',
      'text',
    ]);
  });

  const texts = fc.option(fc.string({ unit: 'binary' }).map((value) => value.toWellFormed()));
  test.prop([texts, texts])('reads what it has written: texts', (before, after) => {
    if (ofTexts.format !== 'text') throw new Error('not text');
    const written = Buffer.from(ofTexts.encode({ before, after }), 'utf8').toString('utf8');
    expect(ofTexts.decode(written)).toEqual({ before, after });
  });

  const buffers = fc.option(fc.uint8Array().map((value) => Buffer.from(value)));
  test.prop([buffers, buffers])('reads what it has written: bytes', (before, after) => {
    if (ofBytes.format !== 'bytes') throw new Error('not bytes');
    expect(ofBytes.decode(ofBytes.encode({ before, after }))).toEqual({ before, after });
  });

  test.prop([fc.option(fc.json()), fc.option(fc.json())])(
    'reads what it has written: JSON',
    (before, after) => {
      const codec = change(json<{ is: string }>());
      if (codec.format !== 'text') throw new Error('not text');
      const rows: Change<{ is: string }> = {
        before: before === null ? null : { is: before },
        after: after === null ? null : { is: after },
      };
      expect(codec.decode(codec.encode(rows))).toEqual(rows);
    },
  );

  it.each(['', 'x', '3,4:old', '3,-:oldx', '-,-:x', '3,4oldnew!', '1e3,-:x'])(
    'refuses the damaged text %o',
    (damaged) => {
      if (ofTexts.format !== 'text') throw new Error('not text');
      const { decode } = ofTexts;
      expect(failure(() => decode(damaged)).code).toBe('DECODE_FAILED');
    },
  );

  it.each([
    '',
    '00000000',
    '00000001ffffffff',
    'fffffffeffffffff',
    'ffffffffffffffff00',
    '0000000100000001aa',
  ])('refuses the damaged bytes %s', (damaged) => {
    if (ofBytes.format !== 'bytes') throw new Error('not bytes');
    const { decode } = ofBytes;
    expect(failure(() => decode(Buffer.from(damaged, 'hex'))).code).toBe('DECODE_FAILED');
  });
});
