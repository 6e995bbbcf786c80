import type { AnyCodec, AnyMessage, Receive } from '../../dsl/node.ts';
import type { ErrorPolicy } from '../../dsl/policyFor.ts';
import type { Step } from '../../dsl/topology.ts';
import { MillraceError } from '../../errors.ts';
import type { Batch } from '../transport/transport.ts';

/** Reads the record a batch stands at, for one source step. Throws a MillraceError on what cannot be read. */
export type ReadRecord = (batch: Batch) => AnyMessage;

export interface SourceReader {
  readonly step: Step;
  readonly read: ReadRecord;
  readonly receive: Receive;
  readonly policy: ErrorPolicy;
}

/** `streamTime` is that of the task when it starts; -1 before its first record. */
export function sourceReader(step: Step, receive: Receive, streamTime: number): SourceReader {
  const { source } = step.operator;
  return { step, receive, read: recordReader(step, streamTime), policy: source?.onError ?? 'fail' };
}

function recordReader(step: Step, streamTime: number): ReadRecord {
  const { node, operator } = step;
  // Tables take null values as deletions and drop null keys themselves; what was repartitioned has passed its checks.
  const lenient = step.internal === true || node.shape === 'table' || node.shape === 'globalTable';
  // What a source reads with is not always what is written behind it: see Codec.output.
  const { key = node.key!, value = node.value! } = operator.source ?? {};
  const readKey = partReader(key, 'key', lenient, step);
  const readValue = partReader(value, 'value', lenient, step);
  const extract = operator.source?.timestamp;
  let partitionTime = streamTime;
  return (batch) => {
    const key = readKey(batch);
    const value = readValue(batch);
    const { timestamp } = batch;
    const message = { key, value, timestamp, headers: batch.headers() };
    if (extract === undefined) {
      if (!(timestamp >= 0))
        throw badTimestamp(timestamp, step, batch, 'The record carries no usable timestamp');
      return message;
    }
    const extracted = extract(value, message, partitionTime);
    if (!(Number.isFinite(extracted) && extracted >= 0)) {
      throw badTimestamp(extracted, step, batch, "The source's timestamp function gave no usable timestamp");
    }
    const time = Math.floor(extracted);
    if (time > partitionTime) partitionTime = time;
    return { key, value, timestamp: time, headers: message.headers };
  };
}

function partReader(
  codec: AnyCodec,
  part: 'key' | 'value',
  lenient: boolean,
  step: Step,
): (batch: Batch) => unknown {
  const nullable = lenient || codec.nullable === true;
  const missing = (batch: Batch): null => {
    if (nullable) return null;
    throw missingPart(part, step, batch);
  };
  const failed = (cause: unknown, batch: Batch): MillraceError => unreadable(cause, codec, part, step, batch);
  if (codec.format === 'text') {
    const raw = part === 'key' ? (batch: Batch) => batch.keyText() : (batch: Batch) => batch.valueText();
    return (batch) => {
      const text = raw(batch);
      if (text === null) return missing(batch);
      try {
        return codec.decode(text);
      } catch (cause) {
        throw failed(cause, batch);
      }
    };
  }
  const raw = part === 'key' ? (batch: Batch) => batch.keyBytes() : (batch: Batch) => batch.valueBytes();
  return (batch) => {
    const bytes = raw(batch);
    if (bytes === null) return missing(batch);
    try {
      return codec.decode(bytes);
    } catch (cause) {
      throw failed(cause, batch);
    }
  };
}

const place = (step: Step, batch: Batch) => ({
  step: step.name,
  topic: batch.topic,
  partition: batch.partition,
  offset: batch.offset,
});

const policies = "onError: 'skip' or { deadLetters: 'topic' }";

function missingPart(part: 'key' | 'value', step: Step, batch: Batch): MillraceError {
  return new MillraceError(part === 'key' ? 'NULL_KEY' : 'NULL_VALUE', `The record has no ${part}`, {
    ...place(step, batch),
    expected: `a ${part} that ${step.node[part]!.name} can read`,
    found: 'null',
    next: `If records without a ${part} are right here, wrap the codec: ${part}: nullable(...); if they are not, let the source pass them on: ${policies}.`,
  });
}

function unreadable(cause: unknown, codec: AnyCodec, part: string, step: Step, batch: Batch): MillraceError {
  const code =
    cause instanceof MillraceError && cause.code === 'SCHEMA_MISMATCH' ? cause.code : 'DECODE_FAILED';
  const what =
    code === 'DECODE_FAILED' ? `The ${part} cannot be read` : `The ${part} does not fit its schema`;
  return new MillraceError(code, what, {
    ...place(step, batch),
    expected:
      cause instanceof MillraceError && cause.details.expected !== undefined
        ? cause.details.expected
        : codec.name,
    found: cause instanceof MillraceError ? cause.details.found : undefined,
    cause,
    next: `Mend the producer of this record, or let the source pass such records on: ${policies}.`,
  });
}

function badTimestamp(found: unknown, step: Step, batch: Batch, what: string): MillraceError {
  return new MillraceError('INVALID_TIMESTAMP', what, {
    ...place(step, batch),
    expected: 'milliseconds since 1970, not negative',
    found: String(found),
    next: `Give the source a timestamp function that finds the time in the value, or let it pass such records on: ${policies}.`,
  });
}
