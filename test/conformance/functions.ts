import type { WindowKey } from 'millrace';
import type { AnyKey, CaseKey, Fn, Literal } from './format.ts';

/** The named functions of the format, section 4. Keys may be windowed; `of: 'key'` means the key inside. */
type Key = AnyKey | null;

const isWindowed = (key: Key): key is WindowKey<AnyKey> => typeof key === 'object' && key !== null;

const plainKey = (key: Key): CaseKey | null => (isWindowed(key) ? plainKey(key.key) : key);

export function str(x: Key): string {
  return isWindowed(x) ? `${str(x.key)}@${x.start}/${x.end}` : String(x);
}

export function num(x: Literal): number {
  if (x === null) return 0;
  if (typeof x === 'number') return x;
  return isLong(x) ? Number(x) : x.length;
}

function isLong(text: string): boolean {
  return (
    /^[+-]?\d+$/.test(text) &&
    BigInt.asIntN(64, BigInt(text.replace('+', ''))) === BigInt(text.replace('+', ''))
  );
}

/** Not by index alone: 'toString' is also a property of every object. */
function named<T>(functions: Readonly<Record<string, T>>, { fn }: Fn): T | undefined {
  return Object.hasOwn(functions, fn) ? functions[fn] : undefined;
}

const selected = (f: Fn, key: Key, value: Literal): Literal => (f.of === 'key' ? plainKey(key) : value);
const literal = (f: Fn): Literal => f.value ?? null;

export function mapper(f: Fn): (key: Key, value: Literal) => Literal {
  const onAnything = named(mappers, f);
  if (onAnything !== undefined) return (key, value) => onAnything(f, key, value);
  const onPresent = named(presentMappers, f);
  if (onPresent === undefined) throw new Error(`unknown mapper ${f.fn}`);
  return (key, value) => {
    const x = selected(f, key, value);
    return x === null ? null : onPresent(f, x);
  };
}

type OnAnything = (f: Fn, key: Key, value: Literal) => Literal;

const mappers: { readonly [fn: string]: OnAnything } = {
  constant: literal,
  keyValue: (f, key, value) => `${str(plainKey(key))}${f.sep}${str(value)}`,
  windowedKey: (_f, key) => str(key),
  toString: (f: Fn, key: Key, value: Literal) => str(selected(f, key, value)),
  pipe: (f, key, value) => f.fns!.reduce((x, step) => mapper(step)(key, x), selected(f, key, value)),
  throwWhen(f, key, value) {
    const x = selected(f, key, value);
    if (x === literal(f)) throw new Error('throwWhen');
    return x;
  },
};

const presentMappers: Readonly<Record<string, (f: Fn, x: string | number) => Literal>> = {
  identity: (_f, x) => x,
  upper: (_f, x) => str(x).toUpperCase(),
  lower: (_f, x) => str(x).toLowerCase(),
  firstChar: (_f, x) => str(x).slice(0, 1),
  append: (f, x) => `${str(x)}${f.suffix}`,
  prepend: (f, x) => `${f.prefix}${str(x)}`,
  part: (f, x) => str(x).split(f.by!)[f.index!] ?? null,
  length: (_f, x) => str(x).length,
  toLong: (_f, x) => (typeof x === 'number' ? x : isLong(x) ? Number(x) : null),
  plus: (f, x) => num(x) + f.n!,
  nullWhen: (f, x) => (x === literal(f) ? null : x),
};

export function multiMapper(f: Fn): (key: Key, value: Literal) => readonly Literal[] {
  const pieces = named(multiMappers, f);
  if (pieces === undefined) throw new Error(`unknown multi mapper ${f.fn}`);
  return (key, value) => {
    const x = selected(f, key, value);
    return x === null ? [] : pieces(f, x);
  };
}

const multiMappers: Readonly<Record<string, (f: Fn, x: string | number) => readonly Literal[]>> = {
  split: (f, x) => str(x).split(f.by!),
  chars: (_f, x) => str(x).split(''),
  repeat: (f, x) => Array.from({ length: f.n! }, () => x),
};

export function predicate(f: Fn): (key: Key, value: Literal) => boolean {
  if (f.fn === 'always' || f.fn === 'never') return () => f.fn === 'always';
  if (f.fn === 'not') {
    const inner = predicate(f.predicate!);
    return (key, value) => !inner(key, value);
  }
  if (f.fn === 'isNull') return (key, value) => selected(f, key, value) === null;
  const holds = named(predicates, f);
  if (holds === undefined) throw new Error(`unknown predicate ${f.fn}`);
  return (key, value) => {
    const x = selected(f, key, value);
    return x !== null && holds(f, x);
  };
}

const predicates: Readonly<Record<string, (f: Fn, x: string | number) => boolean>> = {
  equals: (f, x) => x === literal(f),
  startsWith: (f, x) => str(x).startsWith(f.prefix!),
  contains: (f, x) => str(x).includes(f.text!),
  lengthAtLeast: (f, x) => str(x).length >= f.n!,
  atLeast: (f, x) => num(x) >= f.n!,
};

export function combiner(f: Fn): (key: Key, a: Literal, b: Literal) => Literal {
  const combine = named(combiners, f);
  if (combine === undefined) throw new Error(`unknown combiner ${f.fn}`);
  if (f.nullWhen === undefined) return (key, a, b) => combine(f, key, a, b);
  return (key, a, b) => (a === f.nullWhen || b === f.nullWhen ? null : combine(f, key, a, b));
}

const combiners: Readonly<Record<string, (f: Fn, key: Key, a: Literal, b: Literal) => Literal>> = {
  concat: (f, _key, a, b) => `${str(a)}${f.sep}${str(b)}`,
  concatWithKey: (f, key, a, b) => `${str(plainKey(key))}${f.sep}${str(a)}${f.sep}${str(b)}`,
  first: (_f, _key, a) => a,
  second: (_f, _key, _a, b) => b,
  min: (_f, _key, a, b) => (a === null ? b : b === null || str(a) <= str(b) ? a : b),
  max: (_f, _key, a, b) => (a === null ? b : b === null || str(a) >= str(b) ? a : b),
  sum: (_f, _key, a, b) => num(a) + num(b),
  subtract: (_f, _key, a, b) => num(a) - num(b),
  increment: (_f, _key, a) => num(a) + 1,
  decrement: (_f, _key, a) => num(a) - 1,
};
