/**
 * `false` for types that JSON would lose or change on the way (Map, Set, bytes, bigint, Date, functions, undefined, ...),
 * at top level or inside objects and arrays; `true` for all others, `any` and `unknown` included.
 */
export type IsJson<T> = 0 extends 1 & T ? true : false extends Survives<T, 5> ? false : true;

type Survives<T, Depth extends number> = [Depth] extends [never]
  ? true
  : T extends Lossy
    ? false
    : T extends string | number | boolean | null
      ? true
      : T extends readonly (infer Item)[]
        ? Survives<Item, Less[Depth]>
        : T extends object
          ? PropertiesSurvive<T, Depth>
          : true;

/** Optional properties may be missing: JSON leaves them out. */
type PropertiesSurvive<T, Depth extends number> = false extends {
  [P in keyof T]-?: Survives<Exclude<T[P], undefined>, Less[Depth]>;
}[keyof T]
  ? false
  : true;

/** How deep is looked: types may refer to themselves. */
type Less = [never, 0, 1, 2, 3, 4];

type Lossy =
  | bigint
  | symbol
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: what a function without a return gives
  | void
  | ((...args: never) => unknown)
  | ArrayBuffer
  | ArrayBufferView
  | Date
  | Error
  | Promise<unknown>
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | RegExp
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>;
