import { readFileSync } from 'node:fs';
import type { TransactionApi } from '../../../../../src/runtime/transport/kafka/protocol/transactionErrors.ts';

/** What the transactional producer of Apache Kafka does when it is answered with an error. */
export type JavaRemedy = 'retry' | 'refresh' | 'abort' | 'fence' | 'fatal';

export interface JavaError {
  readonly errorCode: number;
  readonly name: string;
  readonly retriable: boolean;
  /** Its exception is one after which Kafka wants a new producer to be made. */
  readonly recoverable: boolean;
  /** Of NONE: undefined. */
  readonly remedies: Readonly<Record<TransactionApi, JavaRemedy>> | undefined;
}

/** Code, name, classes of the exception, remedies: as test/kafka/ClassifyErrors.java prints them. */
export type JavaRow = [code: number, name: string, classes: string, remedies: string];

/** Every error of Apache Kafka 4.1.1; test/kafka/classifyErrors.test.ts sees to it that this is so. */
export const javaRows: readonly JavaRow[] = JSON.parse(
  readFileSync(new URL('../../../../vectors/transactionErrors.json', import.meta.url), 'utf8'),
);

/** In the order of ClassifyErrors.java. */
export const transactionApis: readonly TransactionApi[] = [
  'FindCoordinator',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
  'Produce',
];

export const javaErrors: readonly JavaError[] = javaRows.map(([errorCode, name, classes, remedies]) => ({
  errorCode,
  name,
  retriable: classes.split(' ').includes('RetriableException'),
  recoverable: classes.split(' ').includes('ApplicationRecoverableException'),
  remedies: remedies === '' ? undefined : byApi(remedies.split(' ') as JavaRemedy[]),
}));

function byApi(remedies: readonly JavaRemedy[]): Record<TransactionApi, JavaRemedy> {
  return Object.fromEntries(transactionApis.map((api, index) => [api, remedies[index]!])) as Record<
    TransactionApi,
    JavaRemedy
  >;
}
