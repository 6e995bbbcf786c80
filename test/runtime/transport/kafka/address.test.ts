import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../../src/runtime/transport/kafka/address.ts';

describe('parseAddress', () => {
  it.each([
    ['localhost:9092', 'localhost', 9092],
    [' kafka-0.kafka.svc:1 ', 'kafka-0.kafka.svc', 1],
    ['10.0.0.1:65535', '10.0.0.1', 65_535],
    ['[::1]:9092', '::1', 9092],
    ['[fe80::1%eth0]:9092', 'fe80::1%eth0', 9092],
  ])('reads %j', (broker, host, port) => {
    expect(parseAddress(broker)).toEqual({ host, port });
  });

  it.each([
    'localhost',
    'localhost:',
    ':9092',
    'localhost:0',
    'localhost:65536',
    'localhost:9092,other:9092',
    'http://localhost:9092',
    'user@localhost:9092',
    '::1:9092',
    '',
  ])('refuses %j and shows what it should look like', (broker) => {
    expect(() => parseAddress(broker)).toThrow(expect.objectContaining({ code: 'INVALID_SETTING' }));
    expect(() => parseAddress(broker)).toThrow(JSON.stringify(broker));
  });
});
