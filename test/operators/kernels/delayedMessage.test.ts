import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../src/dsl/codecs/bytes.ts';
import { json } from '../../../src/dsl/codecs/json.ts';
import { text } from '../../../src/dsl/codecs/text.ts';
import { delayedMessage } from '../../../src/operators/kernels/delayedMessage.ts';
import { failure } from '../../dsl/failure.ts';

const header = fc.tuple(
  fc.string({ unit: 'grapheme' }),
  fc.option(fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array))),
);
const common = { timestamp: fc.maxSafeNat(), headers: fc.array(header, { maxLength: 3 }) };

describe('delayedMessage', () => {
  test.prop([
    fc.record({ key: fc.string({ unit: 'grapheme' }), value: fc.option(fc.jsonValue()), ...common }),
  ])('reads back text as it was written', (message) => {
    fc.pre(!JSON.stringify(message.value).includes('__proto__'));
    const codec = delayedMessage(text, json());
    const expected = { ...message, value: JSON.parse(JSON.stringify(message.value)) };
    expect(codec.decode(codec.encode(message))).toEqual(expected);
  });

  test.prop([
    fc.record({
      key: fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
      value: fc.option(fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))),
      ...common,
    }),
  ])('reads back bytes as they were written', (message) => {
    const codec = delayedMessage(bytes, bytes);
    expect(codec.decode(codec.encode(message))).toEqual(message);
  });

  it('is named after both codecs, so that another codec is another store', () => {
    expect(delayedMessage(text, bytes).name).toBe('delayed(text, bytes)');
  });

  it('says of what it cannot read that it was tampered with', () => {
    expect(failure(() => delayedMessage(text, text).decode('{'))).toMatchObject({ code: 'DECODE_FAILED' });
  });
});
