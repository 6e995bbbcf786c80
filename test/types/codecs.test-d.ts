import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { avro } from '../../src/dsl/codecs/avro.ts';
import {
  type BytesCodec,
  bytes,
  type Codec,
  float64,
  int64,
  json,
  nullable,
  type TextCodec,
  text,
  type WindowKey,
  windowed,
} from '../../src/index.ts';
import type { Order } from './example.ts';

describe('codecs', () => {
  test('know what they read', () => {
    expectTypeOf(text).toEqualTypeOf<TextCodec<string>>();
    expectTypeOf(bytes).toEqualTypeOf<BytesCodec<Buffer>>();
    expectTypeOf(int64).toEqualTypeOf<BytesCodec<number>>();
    expectTypeOf(float64).toEqualTypeOf<BytesCodec<number>>();
    expectTypeOf(avro<Order>('string')).toEqualTypeOf<BytesCodec<Order>>();
    expectTypeOf(avro('string')).toEqualTypeOf<BytesCodec<unknown>>();
  });

  test('of JSON read the type that is named, or that of the schema', () => {
    expectTypeOf(json<Order>()).toEqualTypeOf<TextCodec<Order>>();
    expectTypeOf(json()).toEqualTypeOf<TextCodec<unknown>>();
    const schema = z.object({ id: z.string(), at: z.coerce.date(), more: z.number().default(0) });
    expectTypeOf(json(schema)).toEqualTypeOf<TextCodec<{ id: string; at: Date; more: number }>>();
    const any = {} as StandardSchemaV1<string, { parsed: boolean }>;
    expectTypeOf(json(any)).toEqualTypeOf<TextCodec<{ parsed: boolean }>>();
    // @ts-expect-error not a schema
    json({ type: 'object' });
    // @ts-expect-error not a schema
    json('order');
  });

  test('wrap others', () => {
    expectTypeOf(windowed(text, '1m')).toEqualTypeOf<BytesCodec<WindowKey<string>>>();
    expectTypeOf(windowed(windowed(int64, 5), '1m')).toEqualTypeOf<
      BytesCodec<WindowKey<WindowKey<number>>>
    >();
    expectTypeOf(nullable(text)).toEqualTypeOf<Codec<string | null>>();
    expectTypeOf(nullable(json<Order>())).toEqualTypeOf<Codec<Order | null>>();
    // @ts-expect-error a function that makes a codec is none
    nullable(json);
    // @ts-expect-error windows need a size
    windowed(text);
  });

  test('of the user are told by their format', () => {
    const upper = {
      name: 'upper',
      format: 'text',
      encode: (v: string) => v,
      decode: (s: string) => s,
    } as const;
    expectTypeOf(upper).toExtend<Codec<string>>();
    const bad = {
      name: 'bad',
      format: 'text',
      encode: (v: string) => Buffer.from(v),
      decode: (s: string) => s,
    } as const;
    expectTypeOf(bad).not.toExtend<Codec<string>>();
  });
});
