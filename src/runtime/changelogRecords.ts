import type { Encoded } from '../dsl/codecs/codec.ts';
import type { NamedStore } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import { type CommitMeta, decodeMeta, metaKey } from './commitMeta.ts';
import type { Batch } from './transport/transport.ts';

/** Takes what a changelog says, in its order: rows, and behind them what the commit they belong to says of itself. */
export interface ChangelogVisitor {
  /** value null: deleted. The bytes are those of the batch, which they keep alive. */
  row(store: string, key: Encoded, value: Encoded | null, timestamp: number): void;
  commit(topic: string, meta: CommitMeta, nextOffset: number): void;
}

/** Reads a batch of the store's changelog: for a restore and for a standby alike. */
export function visitChangelog(batch: Batch, { name, spec }: NamedStore, visitor: ChangelogVisitor): void {
  const textKey = spec.kind === 'keyValue' && spec.key.format === 'text';
  const textValue = spec.value.format === 'text';
  while (batch.next()) {
    if (isMeta(batch)) {
      visitor.commit(batch.topic, decodeMeta(batch.valueText()!), batch.offset + 1);
      continue;
    }
    const key = textKey ? batch.keyText() : batch.keyBytes();
    const value = textValue ? batch.valueText() : batch.valueBytes();
    if (key !== null) visitor.row(name, key, value, batch.timestamp);
  }
}

function isMeta(batch: Batch): boolean {
  const key = batch.keyBytes();
  return key !== null && key[0] === 0xff && key.equals(metaKey) && batch.headers().length > 0;
}

/** STATE_INCOMPATIBLE when the changelog tells another history than the state that it is to be applied to. */
export function checkHistory(
  local: CommitMeta | undefined,
  found: CommitMeta,
  { topic, partition }: Batch,
): void {
  if (local === undefined || local.incarnation === '') return;
  if (found.incarnation === local.incarnation) return;
  throw new MillraceError(
    'STATE_INCOMPATIBLE',
    'The state folder belongs to another history than the changelog',
    {
      topic,
      partition,
      expected: `incarnation ${found.incarnation}, as in the changelog`,
      found: `incarnation ${local.incarnation} in the state folder`,
      next: 'The folder was copied from elsewhere, or the topic was deleted and made anew. Delete the folder: state is rebuilt from the changelog.',
    },
  );
}
