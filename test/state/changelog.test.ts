import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { changelogKey, parseChangelogKey } from '../../src/state/changelog.ts';
import { bytes, text } from './codecs.ts';
import { keyValue, window } from './stores.ts';

const textWindows = window('w', text, text).spec;
const byteWindows = window('w', bytes, text).spec;

describe('changelogKey', () => {
  it('is the key itself in key-value stores', () => {
    expect(changelogKey(keyValue('k', text, text).spec, 'a', 0)).toBe('a');
  });

  it('is the key and 8 bytes of start, big-endian, in window stores', () => {
    expect(changelogKey(textWindows, 'é', 1_700_000_000_000)).toEqual(
      Buffer.from([0xc3, 0xa9, 0, 0, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0]),
    );
    expect(changelogKey(byteWindows, Buffer.from([9]), -1)).toEqual(Buffer.from([9, ...Array(8).fill(0xff)]));
  });

  const starts = fc.maxSafeInteger();
  test.prop([fc.string({ unit: 'grapheme' }), starts])('is taken apart again: text', (key, start) => {
    expect(parseChangelogKey(textWindows, changelogKey(textWindows, key, start))).toEqual({ key, start });
  });

  test.prop([fc.uint8Array(), starts])('is taken apart again: bytes', (key, start) => {
    const parsed = parseChangelogKey(byteWindows, changelogKey(byteWindows, Buffer.from(key), start));
    expect(parsed).toEqual({ key: Buffer.from(key), start });
  });
});

describe('parseChangelogKey', () => {
  it('gives text stores strings and copies bytes', () => {
    const record = Buffer.from('abc');
    expect(parseChangelogKey(keyValue('k', text, text).spec, record)).toEqual({ key: 'abc', start: 0 });
    const { key } = parseChangelogKey(keyValue('k', bytes, text).spec, record);
    record.fill(0);
    expect(key).toEqual(Buffer.from('abc'));
  });

  it('refuses the key of another kind of store', () => {
    expect(() => parseChangelogKey(textWindows, Buffer.from('short'))).toThrow(
      expect.objectContaining({ code: 'DECODE_FAILED' }),
    );
  });
});
