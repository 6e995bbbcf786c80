import { identityOf } from '../../dsl/codecs/identityOf.ts';
import type { AnyCodec, AnyFunction, AnyMessage, Operator } from '../../dsl/node.ts';
import { type Request, rowHash, type Subscription } from './rowHash.ts';

export interface Subscribing {
  /** (row, message): the key of the right row. */
  readonly foreignKey: AnyFunction;
  /** Rows without a right row are joined with null: there is always something to be told. */
  readonly left: boolean;
  /** Writes right keys. */
  readonly key: AnyCodec;
  /** Writes left rows. */
  readonly row: AnyCodec;
  /** (right key, partitions); absent: by the key's bytes. */
  readonly partitioner?: AnyFunction | undefined;
}

/** First step of a foreign-key join: what each change of a left row asks of the right rows it referred to and refers to. */
export function foreignKeySubscribe(described: Subscribing): Operator {
  const { foreignKey, left, key: codec, row, partitioner } = described;
  const identify = identityOf(codec);
  return {
    kind: 'foreignKey',
    rekeys: true,
    // Who refers to no row is answered wherever he asks.
    ...(partitioner && {
      partitioner: (_value: unknown, { key }: AnyMessage, partitions: number) =>
        key === null ? undefined : partitioner(key, partitions),
    }),
    run(task, emit) {
      const keyOf = task.guard(foreignKey);
      const same = task.guard((a: unknown, b: unknown) => a === b || identify(a) === identify(b));
      const hashOf = task.guard(rowHash(row));
      return [
        (message) => {
          const { key: leftKey, value, timestamp, headers } = message;
          const { before, after, outOfOrder } = value;
          if (outOfOrder) return task.drop('late', message);
          if (before === null && after === null) return;
          const foreignKeyOf = (of: unknown): unknown =>
            of === null ? null : (keyOf(of, { ...message, value: of }) ?? null);
          const old = foreignKeyOf(before);
          const now = foreignKeyOf(after);
          const ask = (key: unknown, request: Request): void => {
            const body: Subscription = { header: [request, task.partition, hashOf(after)], body: leftKey };
            emit({ key, value: body, timestamp, headers });
          };
          const moved = old !== null && (now === null || !same(old, now));
          if (moved && (left || now !== null)) ask(old, 'leave');
          if (left) return ask(now, 'subscribe');
          if (now !== null) return ask(now, moved ? 'subscribe' : 'subscribeQuietly');
          if (after !== null) task.drop('null-key', message);
          if (moved) ask(old, 'unsubscribe');
        },
      ];
    },
  };
}
