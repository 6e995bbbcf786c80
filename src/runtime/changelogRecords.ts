import type { Encoded } from '../dsl/codecs/codec.ts';
import type { NamedStore } from '../dsl/topology.ts';
import { MillraceError } from '../errors.ts';
import type { ChangelogGuard } from './changelogGuard.ts';
import { type CommitMeta, decodeMeta, metaKey } from './commitMeta.ts';
import { checkDescriptions, describeStore, descriptionKey } from './storeDescription.ts';
import type { Batch } from './transport/transport.ts';

/** Takes what a changelog says, in its order: rows, and behind them what the commit they belong to says of itself. */
export interface ChangelogVisitor {
  /** value null: deleted. The bytes are those of the batch, which they keep alive. */
  row(store: string, key: Encoded, value: Encoded | null, timestamp: number): void;
  commit(topic: string, meta: CommitMeta, nextOffset: number): void;
}

/** Reads what counts in a batch of the store's changelog: for a restore and for a standby alike. */
export function visitChangelog(
  batch: Batch,
  { name, spec }: NamedStore,
  guard: ChangelogGuard,
  visitor: ChangelogVisitor,
): void {
  const textKey = spec.kind === 'keyValue' && spec.key.format === 'text';
  const textValue = spec.value.format === 'text';
  const described = describeStore(spec);
  while (batch.next()) {
    const bytes = batch.keyBytes();
    if (bytes === null) continue;
    const mayBeControl = bytes[0] === 0xff && bytes[1] === 0xfe;
    if (mayBeControl && guard.takes(batch, bytes)) continue;
    if (!guard.counts(batch, bytes)) continue;
    if (mayBeControl && isDescription(batch, bytes)) {
      const { topic, partition, offset } = batch;
      const found = { [name]: batch.valueText() ?? described };
      guard.isDescribed = true;
      checkDescriptions(found, { [name]: described }, { topic, partition, offset });
      continue;
    }
    if (mayBeControl && isMeta(batch, bytes)) {
      const text = batch.valueText();
      if (text !== null) visitor.commit(batch.topic, decodeMeta(text), batch.offset + 1);
      continue;
    }
    const value = textValue ? batch.valueText() : batch.valueBytes();
    visitor.row(name, textKey ? batch.keyText()! : bytes, value, batch.timestamp);
  }
}

function isDescription(batch: Batch, key: Buffer): boolean {
  return key.equals(descriptionKey) && batch.headers().length > 0;
}

function isMeta(batch: Batch, key: Buffer): boolean {
  return key.equals(metaKey) && batch.headers().length > 0;
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
