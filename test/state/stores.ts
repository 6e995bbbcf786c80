import type { PairCodec } from '../../src/dsl/codecs/pair.ts';
import type { KeyRange } from '../../src/dsl/keyRange.ts';
import type { AnyCodec } from '../../src/dsl/node.ts';
import type { StoreDefinition } from '../../src/state/taskState.ts';

export function keyValue(name: string, key: AnyCodec, value: AnyCodec): StoreDefinition {
  return { name, spec: { suffix: '', kind: 'keyValue', key, value } };
}

export function window(name: string, key: AnyCodec, value: AnyCodec, retention?: number): StoreDefinition {
  const ages = retention === undefined ? {} : { retention };
  return { name, spec: { suffix: '', kind: 'window', key, value, windowSize: 10, ...ages } };
}

export function timeline(name: string, key: AnyCodec, value: AnyCodec, retention?: number): StoreDefinition {
  const { spec } = window(name, key, value, retention);
  return { name, spec: { ...spec, kind: 'timeline' } };
}

/** Pairs of keys, in groups of those that begin alike. */
export function grouped<A>(name: string, key: PairCodec<A, string>, value: AnyCodec): StoreDefinition {
  const group = (of: unknown): KeyRange => key.rangeOf((of as readonly [A])[0]);
  return { name, spec: { suffix: '', kind: 'keyValue', key, value, group } };
}
