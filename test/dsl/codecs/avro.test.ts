import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fc, test as property } from '@fast-check/vitest';
import { afterAll, describe, expect, test } from 'vitest';
import { type AvroSchema, avro } from '../../../src/dsl/codecs/avro.ts';
import { failure } from '../failure.ts';

interface Order {
  userId: string;
  amount: number;
  items: { sku: string; price: number }[];
  note: string | null;
  labels: Record<string, string>;
}

const orderSchema = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'userId', type: 'string' },
    { name: 'amount', type: 'long' },
    {
      name: 'items',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Item',
          fields: [
            { name: 'sku', type: 'string' },
            { name: 'price', type: 'double' },
          ],
        },
      },
    },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'labels', type: { type: 'map', values: 'string' }, default: {} },
  ],
};
const orders = avro<Order>(orderSchema);
const order: Order = {
  userId: 'a',
  amount: 5,
  items: [{ sku: 's', price: 0.5 }],
  note: null,
  labels: { x: 'y' },
};

const folder = mkdtempSync(join(tmpdir(), 'millrace-avro-'));
const file = join(folder, 'order.avsc');
writeFileSync(file, JSON.stringify(orderSchema));
afterAll(() => rmSync(folder, { recursive: true }));

const wellFormed = fc.string({ unit: 'binary' });
const anyOrder: fc.Arbitrary<Order> = fc.record({
  userId: wellFormed,
  amount: fc.maxSafeInteger(),
  items: fc.array(fc.record({ sku: wellFormed, price: fc.double({ noNaN: true }) })),
  note: fc.option(wellFormed),
  labels: fc
    .dictionary(wellFormed, wellFormed, { noNullPrototype: true })
    .filter((labels) => !Object.hasOwn(labels, '__proto__')),
});

describe('avro', () => {
  property.prop([anyOrder])('gives back what it takes', (value) => {
    expect(orders.decode(orders.encode(value))).toEqual({ ...value, amount: value.amount + 0 });
  });

  property.prop([fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })])(
    'reads every long exactly or refuses it',
    (value) => {
      const codec = avro<number>('long');
      const bytes = zigzag(value);
      if (value > -(2n ** 53n) && value < 2n ** 53n) {
        expect(BigInt(codec.decode(bytes))).toBe(value);
        expect(codec.encode(Number(value))).toEqual(bytes);
      } else {
        expect(failure(() => codec.decode(bytes)).code).toBe('DECODE_FAILED');
      }
    },
  );

  test.each([
    2 ** 52,
    -(2 ** 52),
    2 ** 52 + 1,
    -(2 ** 52) - 1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ])('gives back %d, where avsc is not exact any more', (value) => {
    const codec = avro<number>('long');
    expect(codec.decode(codec.encode(value))).toBe(value);
    const logical = avro<{ at: number }>({
      type: 'record',
      name: 'R',
      fields: [{ name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } }],
    });
    expect(logical.decode(logical.encode({ at: value })).at).toBe(value);
    const union = avro<number | string>(['null', 'string', 'long']);
    expect(union.decode(union.encode(value))).toBe(value);
    expect(avro<number>('double', { writer: 'long' }).decode(codec.encode(value))).toBe(value);
    expect(avro<number>('long', { writer: 'long' }).decode(codec.encode(value))).toBe(value);
  });

  test('takes records larger than the buffer avsc begins with', () => {
    const codec = avro<number[]>({ type: 'array', items: 'long' });
    const values = Array.from({ length: 5000 }, (_, index) => Number.MIN_SAFE_INTEGER + index);
    expect(codec.decode(codec.encode(values))).toEqual(values);
  });

  test.each(['constructor', 'toString', '__proto__', 'c'])('refuses %s as the symbol of an enum', (value) => {
    const codec = avro({
      type: 'array',
      items: { type: 'enum', name: 'E', symbols: ['a', 'b'] },
    });
    expect(codec.decode(codec.encode(['b', 'a']))).toEqual(['b', 'a']);
    expect(failure(() => codec.encode([value])).code).toBe('ENCODE_FAILED');
  });

  test('takes schemas that refer to themselves', () => {
    const node = {
      type: 'record',
      name: 'N',
      fields: [{ name: 'next', type: ['null', 'N'], default: null }],
    };
    const codec = avro(node);
    expect(codec.decode(codec.encode({ next: { next: null } }))).toEqual({ next: { next: null } });
  });

  test('writes plain Avro binary', () => {
    expect(avro('string').encode('hé').toString('hex')).toBe('0668c3a9');
    expect(avro('long').encode(-1).toString('hex')).toBe('01');
    expect(orders.encode(order).toString('hex')).toBe(
      '02610a020273000000000000e03f000002027802790000'.replace(/0000$/, '00'),
    );
  });

  test('takes empty strings, NULs and no items', () => {
    const empty = { userId: '', amount: 0, items: [], note: '\0', labels: {} };
    expect(orders.decode(orders.encode(empty))).toEqual(empty);
  });

  test('fills in defaults when writing', () => {
    const { note, labels, ...rest } = order;
    expect(orders.decode(orders.encode(rest as Order))).toEqual({ ...rest, note: null, labels: {} });
  });

  test('gives bytes of their own, for those it reads are only lent', () => {
    const codec = avro<{ raw: Buffer; hash: Buffer }>({
      type: 'record',
      name: 'Raw',
      fields: [
        { name: 'raw', type: 'bytes' },
        { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 2 } },
      ],
    });
    const lent = codec.encode({ raw: Buffer.from('abc'), hash: Buffer.from('xy') });
    const kept = codec.decode(lent);
    lent.fill(0);
    expect([kept.raw.toString(), kept.hash.toString()]).toEqual(['abc', 'xy']);
  });

  test('gives bytes that stay as they are when more is written', () => {
    const codec = avro<string>('string');
    const first = codec.encode('first');
    codec.encode('other');
    expect(codec.decode(first)).toBe('first');
  });

  test.each<[string, AvroSchema]>([
    ['its JSON text', JSON.stringify(orderSchema)],
    ['the path of a file', file],
    ['the URL of a file', pathToFileURL(file)],
  ])('takes the schema as %s', (_, schema) => {
    expect(avro(schema).name).toBe(orders.name);
    expect(avro(orderSchema, { writer: schema }).decode(orders.encode(order))).toEqual(order);
  });

  test('names the schema and its fingerprint, which is that of the bytes', () => {
    expect(orders.name).toMatch(/^avro:shop\.Order:[0-9a-f]{16}$/);
    expect(avro({ ...orderSchema, doc: 'An order' }).name).toBe(orders.name);
    const more = {
      ...orderSchema,
      fields: [...orderSchema.fields, { name: 'more', type: 'int', default: 0 }],
    };
    expect(avro(more).name).not.toBe(orders.name);
    expect(avro('long').name).not.toBe(avro('int').name);
    expect(avro(more, { writer: orderSchema }).name).not.toBe(avro(more).name);
  });

  test('is the same codec whatever process makes it', () => {
    expect(avro('long').name).toBe('avro:long:c32c497df6730c97');
  });

  describe('encode', () => {
    test('names each path that does not fit', () => {
      const error = failure(() =>
        orders.encode({ ...order, amount: 'x', items: [{ sku: 1 }] } as unknown as Order),
      );
      expect(error.code).toBe('ENCODE_FAILED');
      expect(error.details.found).toContain('amount: "x" is no long');
      expect(error.details.found).toContain('items.0.sku: 1 is no string');
    });

    test.each([2 ** 53, 1.5, Number.NaN, '1', undefined, {}])('refuses %o as a long', (value) => {
      expect(failure(() => avro('long').encode(value)).code).toBe('ENCODE_FAILED');
    });

    test.each<[string, Partial<Order>]>([
      ['a field', { userId: '\uD800' }],
      ['an item', { items: [{ sku: 'a\uDC00', price: 0 }] }],
      ['a long text', { userId: `${'x'.repeat(100)}\uD800` }],
      ['the name of an entry', { labels: { '\uD800': '' } }],
    ])('refuses half a surrogate pair in %s', (_, part) => {
      const error = failure(() => orders.encode({ ...order, ...part }));
      expect(error.code).toBe('ENCODE_FAILED');
      expect(error.details.found).toContain('surrogate');
    });

    test.each(['\uFFFD', '한국', '😀'])('takes %s', (userId) => {
      expect(orders.decode(orders.encode({ ...order, userId })).userId).toBe(userId);
    });

    test('refuses a map entry called __proto__, which would not be read again', () => {
      const labels = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
      expect(failure(() => orders.encode({ ...order, labels })).code).toBe('ENCODE_FAILED');
    });

    test('takes the text __proto__ elsewhere', () => {
      const value = { ...order, userId: '__proto__', labels: { a: '__proto__' } };
      expect(orders.decode(orders.encode(value))).toEqual(value);
    });
  });

  describe('decode', () => {
    test.each(['', '02', '0261', 'ffffffffffffffffffff', '00000000'])('refuses %j', (hex) => {
      expect(failure(() => orders.decode(Buffer.from(hex, 'hex'))).code).toBe('DECODE_FAILED');
    });

    test('refuses bytes behind the value', () => {
      expect(failure(() => orders.decode(Buffer.concat([orders.encode(order), Buffer.alloc(1)]))).code).toBe(
        'DECODE_FAILED',
      );
    });

    test('refuses longs that are not exact', () => {
      // 2^53 as a zigzag varint
      expect(failure(() => avro('long').decode(Buffer.from('8080808080808020', 'hex'))).code).toBe(
        'DECODE_FAILED',
      );
    });

    test('refuses null, which is no value', () => {
      const codec = avro<string>(['null', 'string']);
      expect(codec.decode(codec.encode('a'))).toBe('a');
      expect(failure(() => codec.decode(Buffer.from([0]))).code).toBe('DECODE_FAILED');
    });

    test('refuses a map entry called __proto__', () => {
      const codec = avro({
        type: 'map',
        values: { type: 'record', name: 'R', fields: [{ name: 'admin', type: 'boolean' }] },
      });
      const bytes = Buffer.concat([Buffer.from([2, 18]), Buffer.from('__proto__'), Buffer.from([1, 0])]);
      const error = failure(() => codec.decode(bytes));
      expect(error.code).toBe('DECODE_FAILED');
      expect(error.details.found).toContain('__proto__');
    });

    test('recognises the framing of a registry', () => {
      const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), orders.encode(order)]);
      expect(failure(() => orders.decode(framed)).details.next).toContain('registry');
    });

    property.prop([fc.uint8Array({ maxLength: 40 })])('reads any bytes or says that it cannot', (bytes) => {
      try {
        orders.decode(Buffer.from(bytes));
      } catch {
        expect(failure(() => orders.decode(Buffer.from(bytes))).code).toBe('DECODE_FAILED');
      }
    });
  });

  describe('with a writer schema', () => {
    const old = {
      type: 'record',
      name: 'Order',
      namespace: 'shop',
      fields: [
        { name: 'user', type: 'string' },
        { name: 'amount', type: 'int' },
        { name: 'gone', type: 'boolean' },
      ],
    };
    const now = {
      type: 'record',
      name: 'Order',
      namespace: 'shop',
      fields: [
        { name: 'amount', type: 'double' },
        { name: 'userId', aliases: ['user'], type: 'string' },
        { name: 'currency', type: 'string', default: 'EUR' },
      ],
    };
    const bytes = avro(old).encode({ user: 'a', amount: 5, gone: true });

    test('reads old records as new: renamed, promoted, filled in', () => {
      expect(avro(now, { writer: old }).decode(bytes)).toEqual({ amount: 5, userId: 'a', currency: 'EUR' });
    });

    test('only reads, and names the codec that writes', () => {
      const codec = avro<{ amount: number }>(now, { writer: old });
      expect(failure(() => codec.encode({ amount: 1 })).code).toBe('ENCODE_FAILED');
      expect(codec.output?.name).toBe(avro(now).name);
    });

    test('refuses bytes of another schema', () => {
      expect(failure(() => avro(now, { writer: old }).decode(bytes.subarray(1))).code).toBe('DECODE_FAILED');
    });

    test('refuses schemas that do not resolve', () => {
      const more = { ...now, fields: [...now.fields, { name: 'more', type: 'int' }] };
      const error = failure(() => avro(more, { writer: old }));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.details.next).toContain('default');
    });
  });

  test.each<[string, unknown]>([
    ['no schema', undefined],
    ['an unknown type', { type: 'decimal' }],
    ['broken JSON', '{"type":'],
    ['a file that is not there', './no-such.avsc'],
    ['an empty text', ''],
    ['a number', 5],
    ['a record without fields', { type: 'record', name: 'X' }],
  ])('refuses %s', (_, schema) => {
    const error = failure(() => avro(schema as string));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.details.cause).toBeInstanceOf(Error);
  });

  test('refuses options that do not exist', () => {
    expect(failure(() => avro('long', { Writer: 'int' } as object)).details.next).toBe(
      "Did you mean 'writer'?",
    );
  });
});

function zigzag(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value >= 0n ? value << 1n : ((-value - 1n) << 1n) | 1n;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
