import { describe, expect, it } from 'vitest';
import {
  code,
  errorName,
  isRetriable,
  toMillraceError,
} from '../../../../../src/runtime/transport/kafka/protocol/errors.ts';
import { kafkaErrors } from '../../../../../src/runtime/transport/kafka/protocol/kafkaErrors.ts';
import { javaErrors } from './javaErrors.ts';

describe('kafkaErrors', () => {
  it('names every code as Kafka does, and calls it retriable where Kafka does', () => {
    const official = javaErrors.map(({ errorCode, name, retriable }) => [errorCode, { name, retriable }]);
    expect(kafkaErrors).toEqual(Object.fromEntries(official));
  });

  it('has every code that code names', () => {
    const camel = (name: string): string =>
      name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    for (const [name, number] of Object.entries(code)) expect(camel(errorName(number))).toBe(name);
  });

  it('has a name for a code of a newer broker, and does not repeat it', () => {
    expect([errorName(999), isRetriable(999)]).toEqual(['error 999', false]);
  });
});

describe('toMillraceError', () => {
  it.each([
    [3, 'UNKNOWN_TOPIC', 'Create topic orders'],
    [22, 'FENCED', 'another instance'],
    [25, 'FENCED', 'another instance'],
    [47, 'FENCED', 'another instance'],
    [90, 'FENCED', 'another instance'],
    [29, 'NOT_AUTHORIZED', 'Allow User:alice Read on topic orders'],
    [30, 'NOT_AUTHORIZED', 'Allow User:alice Read on group billing'],
    [31, 'NOT_AUTHORIZED', 'Allow User:alice Read on the cluster'],
    [53, 'NOT_AUTHORIZED', 'Allow User:alice Read on transactional id t-1'],
    [10, 'RECORD_TOO_LARGE', 'max.message.bytes of orders'],
    [1, 'OFFSET_OUT_OF_RANGE', 'reset the position'],
    [35, 'UNSUPPORTED_BROKER', '3.6'],
    [58, 'NOT_AUTHENTICATED', 'sasl'],
    [26, 'INVALID_SETTING', 'session timeout'],
    [50, 'INVALID_SETTING', 'Lower transactionTimeout'],
    [15, 'BROKER_UNREACHABLE', 'enough brokers run'],
    [73, 'BROKER_REFUSED', 'log of the broker'],
    [-1, 'BROKER_REFUSED', 'log of the broker'],
  ])('turns %i into %s that says what to do', (number, expected, next) => {
    const asked = {
      topic: 'orders',
      group: 'billing',
      transactionalId: 't-1',
      operation: 'Read',
      principal: 'User:alice',
    };
    const error = toMillraceError(number, 'it did not work', asked);
    expect(error.code).toBe(expected);
    expect(error.message).toContain(`Found: ${errorName(number)}`);
    expect(error.details.next).toContain(next);
  });

  it.each([
    [29, "--operation Read --topic 'orders')"],
    [30, "--operation Read --group 'billing')"],
    [31, '--operation Read --cluster)'],
    [53, "--operation Read --transactional-id 't-1')"],
  ])('gives for %i the command that grants it', (number, command) => {
    const asked = {
      topic: 'orders',
      group: 'billing',
      transactionalId: 't-1',
      operation: 'Read',
      principal: 'User:CN=a b',
    };
    const { next } = toMillraceError(number, 'it did not work', asked).details;
    expect(next).toContain(`(kafka-acls.sh --add --allow-principal 'User:CN=a b' ${command}`);
  });

  it("hands on the broker's own words and the place", () => {
    const error = toMillraceError(40, 'a topic was not created', {
      topic: 'orders',
      message: 'no such setting',
    });
    expect(error.message).toContain('topic orders');
    expect(error.message).toContain('INVALID_CONFIG (no such setting)');
  });

  it('never lacks a sentence on what to do', () => {
    for (const { errorCode } of javaErrors)
      expect(toMillraceError(errorCode, 'x').details.next).toMatch(/\w+ .*\.$/);
  });
});
