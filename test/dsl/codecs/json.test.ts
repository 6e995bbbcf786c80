import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { json } from '../../../src/dsl/codecs/json.ts';
import { failure } from '../failure.ts';

const any = json<unknown>();
const Order = z.object({ userId: z.string(), items: z.array(z.object({ price: z.number() })) });

describe('json', () => {
  property.prop([fc.jsonValue({ stringUnit: 'binary' })])('gives back every JSON value but null', (value) => {
    fc.pre(value !== null && !JSON.stringify(value).includes('"__proto__":'));
    expect(any.decode(any.encode(value))).toEqual(JSON.parse(JSON.stringify(value)));
  });

  property.prop([fc.string({ unit: 'binary' })])(
    'gives back every string, as a value and as a property',
    (value) => {
      expect(any.decode(any.encode(value))).toBe(value);
      fc.pre(value !== '__proto__');
      expect(any.decode(any.encode({ [value]: value }))).toEqual({ [value]: value });
    },
  );

  test.each([0, false, '', [], {}, 'null', '\0', 'C:\\ud800', '__proto__', '\\u005f_proto__'])(
    'takes %j',
    (value) => {
      expect(any.decode(any.encode(value))).toEqual(value);
    },
  );

  test('takes objects of classes and without a prototype', () => {
    class Point {
      x = 1;
    }
    expect(any.encode(new Point())).toBe('{"x":1}');
    expect(any.encode(Object.assign(Object.create(null), { x: 1 }))).toBe('{"x":1}');
  });

  describe('encode', () => {
    test.each([
      ['a Buffer', Buffer.from('a')],
      ['a Uint8Array', new Uint8Array(1)],
      ['an ArrayBuffer', new ArrayBuffer(1)],
      ['a Map', new Map()],
      ['a Set', new Set()],
      ['a Date', new Date(0)],
      ['a RegExp', /x/],
      ['an Error', new Error('x')],
      ['a bigint', 1n],
      ['undefined', undefined],
      ['null', null],
      ['a function', () => 0],
      ['a symbol', Symbol('s')],
      ['NaN', Number.NaN],
      ['infinity', Number.POSITIVE_INFINITY],
      ['what turns itself into null', { toJSON: () => null }],
      ['what turns itself into nothing', { toJSON: () => undefined }],
      ['half a surrogate pair', '\uD800'],
      ['half a surrogate pair inside', { name: ['x\uDC00'] }],
      ['half a surrogate pair behind a backslash', '\\\uD800'],
      ['a bigint inside', { amount: 1n }],
      ['__proto__ as a property', JSON.parse('{"a":[{"__proto__":1}]}')],
    ])('refuses %s', (_, value) => {
      expect(failure(() => any.encode(value)).code).toBe('ENCODE_FAILED');
    });

    test('refuses circles', () => {
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      expect(failure(() => any.encode(circle)).details.cause).toBeInstanceOf(TypeError);
    });

    test('names mapAsync when it is given a promise', () => {
      expect(failure(() => any.encode(Promise.resolve(1))).details.next).toContain('mapAsync');
    });
  });

  describe('decode', () => {
    test.each(['', ' ', '{', "{'a':1}", 'undefined', 'NaN', '[1,]', '\uFEFF1', 'x'.repeat(10_000)])(
      'refuses what is not JSON: %j',
      (source) => {
        const error = failure(() => any.decode(source));
        expect(error.code).toBe('DECODE_FAILED');
        expect(error.message.length).toBeLessThan(600);
      },
    );

    test('refuses null, which is no value', () => {
      expect(failure(() => any.decode(' null ')).code).toBe('DECODE_FAILED');
      expect(any.decode('[null]')).toEqual([null]);
    });

    test.each([
      '{"__proto__":{"admin":true}}',
      '{"a":[{"b":{"__proto__":1}}]}',
      '{"\\u005f_proto__":1}',
      '{"__\\u0070roto__":1}',
      '{"__pr\\u006fto__":1}',
      '{"__proto_\\u005F":1}',
    ])('refuses the property __proto__: %s', (source) => {
      const error = failure(() => any.decode(source));
      expect(error.code).toBe('DECODE_FAILED');
      expect(error.details.found).toContain('__proto__');
      expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    });

    test('says where __proto__ stands', () => {
      expect(failure(() => any.decode('{"a":[{"__proto__":1}]}')).details.found).toContain('a.0.__proto__');
    });

    test('looks for __proto__ in nesting deeper than the stack', () => {
      const deep = `${'['.repeat(200_000)}"__proto__"${']'.repeat(200_000)}`;
      expect(() => any.decode(deep)).not.toThrow();
    });

    test.each([
      '"\\ud800"',
      '"\\uDC00"',
      '"\\udc00\\ud800"',
      '"\\ud83d \\ude00"',
      '["\\uD83D\\\\ude00"]',
      '"\\ud83d\\ud83d\\ude00"',
    ])('refuses half a surrogate pair: %s', (source) => {
      expect(failure(() => any.decode(source)).code).toBe('DECODE_FAILED');
    });

    test('takes escaped pairs', () => {
      expect(any.decode('"\\ud83d\\ude00\\uD83D\\uDE00 \\ubd84"')).toBe('😀😀 분');
    });
  });

  property.prop([
    fc.string({ unit: fc.constantFrom('\\', 'u', 'd', '8', 'D', 'c', '0', '\uD83D', '\uDE00', '_') }),
  ])('takes exactly the well-formed strings', (value) => {
    const source = JSON.stringify(value);
    if (value.isWellFormed()) expect(any.decode(source)).toBe(value);
    else expect(failure(() => any.decode(source)).code).toBe('DECODE_FAILED');
  });
});

describe('json with a schema', () => {
  test('validates what it reads and gives what the schema makes of it', () => {
    const codec = json(z.object({ at: z.coerce.date(), count: z.number().default(0) }));
    expect(codec.decode('{"at":"1970-01-01T00:00:01Z","more":1}')).toEqual({ at: new Date(1000), count: 0 });
  });

  test('names path and issue of what does not fit', () => {
    const error = failure(() => json(Order).decode('{"userId":1,"items":[{"price":1},{"price":"2"}]}'));
    expect(error.code).toBe('SCHEMA_MISMATCH');
    expect(error.details.found).toMatch(/userId: .*string.*; items\[1\]\.price: .*number/);
  });

  test('shows five issues and the number of the others', () => {
    const error = failure(() => json(z.array(z.number())).decode('["a","b","c","d","e","f","g"]'));
    expect(error.details.found).toMatch(/\[4\]: .*; and 2 more$/);
  });

  test('names the value itself where there is no path', () => {
    expect(failure(() => json(z.number()).decode('"a"')).details.found).toContain('(the value itself)');
  });

  test('still refuses what is no JSON or not safe', () => {
    expect(failure(() => json(z.unknown()).decode('{')).code).toBe('DECODE_FAILED');
    expect(failure(() => json(z.unknown()).decode('{"__proto__":1}')).code).toBe('DECODE_FAILED');
    expect(failure(() => json(z.null()).decode('null')).code).toBe('DECODE_FAILED');
  });

  test('writes values that fit, as the schema makes them', () => {
    const order = { items: [], more: true, userId: 'a' };
    expect(json(Order).encode(order)).toBe('{"userId":"a","items":[]}');
  });

  test('refuses to write what does not fit', () => {
    const error = failure(() => json(Order).encode({ userId: 'a', items: [{ price: Number.NaN }] }));
    expect(error.code).toBe('ENCODE_FAILED');
    expect(error.details.found).toContain('items[0].price');
  });

  test('writes dates that the schema reads back as dates, also as the value itself', () => {
    expect(json(z.coerce.date()).encode(new Date(0))).toBe('"1970-01-01T00:00:00.000Z"');
    const codec = json(z.object({ at: z.coerce.date() }));
    expect(codec.decode(codec.encode({ at: new Date(5) }))).toEqual({ at: new Date(5) });
  });

  test.each([
    ['changes the type', json(z.string().transform((value) => value.length)), '"abc"'],
    ['changes the value each time', json(z.number().transform((value) => value * 2)), '1'],
    ['gives what it does not take', json(z.string().transform((value) => new Map([[value, 1]]))), '"abc"'],
  ])('refuses to write through a schema that %s', (_, codec, source) => {
    const value: unknown = codec.decode(source);
    expect(failure(() => codec.encode(value as never)).code).toBe('ENCODE_FAILED');
  });

  test('refuses a Map, though the schema takes anything', () => {
    expect(failure(() => json(z.any()).encode(new Map())).code).toBe('ENCODE_FAILED');
    expect(failure(() => json(z.any()).encode(Buffer.from('a'))).code).toBe('ENCODE_FAILED');
  });

  test.each([
    undefined,
    null,
    1,
    'zod',
    {},
    { type: 'object', properties: {} },
    { '~standard': { version: 2 } },
  ])('refuses %o as a schema', (schema) => {
    expect(failure(() => json(schema as never)).code).toBe('INVALID_ARGUMENT');
  });

  test('refuses a schema that answers every value with a promise, while describing', () => {
    const schema = standard(async (value) => ({ value }));
    const error = failure(() => json(schema));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.details.next).toContain('mapAsync');
  });

  test('refuses a promise at the first value that makes the schema answer with one', () => {
    const codec = json(z.object({ id: z.string().refine(async () => true) }));
    const error = failure(() => codec.decode('{"id":"a"}'));
    expect(error.details.next).toContain('mapAsync');
  });

  test('does not leave the rejection of a refused promise to end the process', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const schema = standard((value) =>
      value === undefined ? { value } : Promise.reject(new Error('no database')),
    );
    failure(() => json(schema).decode('1'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  test('says which library threw', () => {
    const codec = json(
      standard(() => {
        throw new TypeError('broken');
      }),
    );
    const error = failure(() => codec.decode('1'));
    expect(error.code).toBe('SCHEMA_MISMATCH');
    expect(error.message).toContain('broken');
    expect(error.message).toContain('test-library');
  });

  test('takes path segments that are objects', () => {
    const codec = json(standard(() => ({ issues: [{ message: 'wrong', path: [{ key: 'a' }, 0, 'b'] }] })));
    expect(failure(() => codec.decode('1')).details.found).toBe('a[0].b: wrong');
  });
});

type Validate = import('@standard-schema/spec').StandardSchemaV1['~standard']['validate'];
function standard(validate: Validate): import('@standard-schema/spec').StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test-library', validate } };
}
