import { checkCodec } from '../dsl/codecs/checkCodec.ts';
import type { Codec } from '../dsl/codecs/codec.ts';
import { json } from '../dsl/codecs/json.ts';
import { summary } from '../dsl/codecs/summary.ts';
import { checkStepName } from '../dsl/names.ts';
import type { AnyCodec, Operator, Partitioner } from '../dsl/node.ts';
import { checkOptions } from '../dsl/options.ts';
import type { AnyStream, KeyOf, MessageOf, NeedsCodec, Op, Stream, ValueOf } from '../dsl/types.ts';
import { MillraceError } from '../errors.ts';
import { append } from './kernels/append.ts';
import { checkFunction } from './kernels/checkFunction.ts';
import { inputNode } from './kernels/inputNode.ts';
import { keyCodec } from './kernels/keyCodec.ts';

export interface RepartitionOptions<S extends AnyStream> {
  /** Names the topic: '<application>-<name>-repartition'. Default: derived from the path. */
  readonly name?: string | undefined;
  /** How many partitions the topic gets. Default: what it is joined with, else as many as the topics upstream. */
  readonly partitions?: number | undefined;
  /** Writes the keys, also behind this step. Default: the codec they came with. */
  readonly key?: Codec<NonNullable<KeyOf<S>>> | undefined;
  /** Writes the values, also behind this step. Default: the codec they came with, or JSON. */
  readonly value?: Codec<NonNullable<ValueOf<S>>> | undefined;
  /** As `partition` of to(): chooses the partition, or several. Default: by the key's bytes, as Kafka's own producer. */
  readonly partitioner?:
    | ((
        value: ValueOf<S>,
        message: MessageOf<S>,
        partitions: number,
      ) => number | readonly number[] | undefined)
    | undefined;
}

type RepartitionArguments<S extends AnyStream> = S extends NeedsCodec
  ? [options: RepartitionOptions<S> & { readonly value: Codec<NonNullable<ValueOf<S>>> }]
  : [options?: RepartitionOptions<S>];

/**
 * Emits the records after a way through a repartition topic: all records of a key come from one partition, and what follows
 * is worked on by tasks of its own. Steps that need it do this by themselves where the key has changed.
 *
 * Key, value, timestamp and headers stay; records without a key are dropped ('null-key') unless a left or outer join comes next
 * that needs none, which pads them. Keeps no state.
 *
 * @example
 * clicks.pipe(keyBy((click) => click.userId), repartition({ name: 'by-user', partitions: 12 }), mapAsync(enrich));
 */
export function repartition<S extends AnyStream>(
  ...options: RepartitionArguments<S>
): Op<S, Stream<NonNullable<KeyOf<S>>, ValueOf<S>>>;
export function repartition(options: RepartitionOptions<AnyStream> = {}): Op<AnyStream, AnyStream> {
  checkOptions(options, ['name', 'partitions', 'key', 'value', 'partitioner'], 'repartition()');
  const { name, partitions, value, partitioner } = options;
  if (name !== undefined) checkStepName(name, 'name of repartition()');
  if (partitions !== undefined) checkPartitions(partitions);
  if (value !== undefined) checkCodec(value, 'value of repartition()');
  if (partitioner !== undefined) checkFunction(partitioner, 'partitioner of repartition()');
  const operator: Operator = {
    kind: 'repartition',
    repartition: { partitions, partitioner: partitioner as Partitioner | undefined },
    // Never run as such: the compiler puts a sink and a source in its place.
    run: (_task, emit) => [emit],
  };
  return (input) => {
    const node = inputNode('repartition', input, ['stream']);
    const key: AnyCodec = keyCodec('repartition', node, options.key);
    return append(input, ['stream'], operator, { name, key, value: value ?? node.value ?? json() });
  };
}

function checkPartitions(partitions: unknown): void {
  if (Number.isInteger(partitions) && (partitions as number) > 0) return;
  throw new MillraceError(
    'INVALID_ARGUMENT',
    'The partitions of repartition() are not a number of partitions',
    {
      expected: 'a whole number from 1 on',
      found: summary(partitions),
      next: 'Leave it out to get as many as the topics upstream have.',
    },
  );
}
