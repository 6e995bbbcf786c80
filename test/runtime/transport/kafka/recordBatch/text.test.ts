import { isUtf8 } from 'node:buffer';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { readText } from '../../../../../src/runtime/transport/kafka/recordBatch/text.ts';

describe('readText', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  const ascii = fc.uint8Array({ maxLength: 40, max: 0x7f });

  test.prop([fc.oneof(bytes, ascii), bytes, bytes])(
    'reads what Node reads where the bytes are UTF-8, whatever stands around them, and nothing else',
    (content, before, after) => {
      const whole = Buffer.concat([before, content, after]);
      const text = readText(whole, before.length, before.length + content.length);
      expect(text).toBe(isUtf8(content) ? Buffer.from(content).toString('utf8') : undefined);
    },
  );

  it('reads every length at the very end of a buffer', () => {
    const letters = Buffer.from('abcdefghijklmnopqrstuvwxyz');
    for (let length = 0; length <= 26; length++) {
      const start = letters.length - length;
      expect(readText(letters, start, letters.length)).toBe(letters.toString('latin1', start));
    }
  });
});
