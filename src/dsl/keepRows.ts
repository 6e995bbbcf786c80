import { keepNewest, newestRow } from './keepNewest.ts';
import { keepVersions } from './keepVersions.ts';
import type { AnyCodec, Operator } from './node.ts';
import { versionStores } from './versions.ts';

/** What a table does with its records: keeps the newest of each key by arrival or, with a `history` in ms, its versions. */
export function keepRows(
  key: AnyCodec,
  value: AnyCodec,
  history: number | undefined,
): Pick<Operator, 'run' | 'view' | 'stores'> {
  if (history !== undefined) return { stores: versionStores(key, value, history), ...keepVersions(history) };
  const stores = Object.freeze([Object.freeze({ suffix: '', kind: 'keyValue' as const, key, value })]);
  return { stores, run: keepNewest, view: newestRow };
}
