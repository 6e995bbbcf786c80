import { cpSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { pair } from '../../src/dsl/codecs/pair.ts';
import type { AnyCodec, Encoded } from '../../src/dsl/node.ts';
import type { Backend } from '../../src/state/backend.ts';
import { memoryBackend } from '../../src/state/memory.ts';
import { beginRestore } from '../../src/state/restore.ts';
import type { Sealed } from '../../src/state/sealed.ts';
import { sqliteBackend } from '../../src/state/sqlite.ts';
import { openTaskState, type StoreDefinition, type TaskState } from '../../src/state/taskState.ts';
import { bytes, int32, json, text } from './codecs.ts';
import { copyModel, deleteModel, type Model, type ModelStore, putModel, visibleRows } from './stateModel.ts';
import { grouped, keyValue, timeline, window } from './stores.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const stores: StoreDefinition[] = [
  keyValue('text', text, json),
  keyValue('Text', int32, json),
  window('windows', text, json, 35),
  window('byte-windows', bytes, text, 20),
  window('for-ever', int32, int32),
  timeline('sessions', text, json, 35),
  timeline('byte-times', bytes, text),
  grouped('text-pairs', pair(text, text), json),
  grouped('byte-pairs', pair(bytes, text), text),
];

const keys: Record<string, unknown[]> = {
  text: ['', 'a', 'A', 'b', '\ud800', '\ufffd', '\uffee', '😀', 'aa'],
  int32: [0, 1, -1, 7, 2 ** 31 - 1],
  bytes: [[], [0], [0xff], [0x80, 0], [0x41]].map((octets) => Buffer.from(octets)),
  'pair(text, text)': ['/', '', 'a/', '😀', '\ud800'].flatMap((first) =>
    ['', '0'].map((second) => [first, second]),
  ),
  'pair(bytes, text)': [[], [0], [0, 0], [0xff]].flatMap((first) =>
    ['', '\0', '\u{10ffff}'].map((second) => [Buffer.from(first), second]),
  ),
};

interface Touch {
  readonly do: 'put' | 'delete' | 'get' | 'fetch' | 'between' | 'group';
  readonly store: number;
  readonly key: number;
  readonly start: number;
  readonly value: number;
}

type Step =
  | Touch
  | { readonly do: 'entries'; readonly store: number }
  | { readonly do: 'seal' | 'write' | 'crash' };

const row = { store: fc.nat(stores.length - 1), key: fc.nat(8), start: fc.nat(12), value: fc.nat(99) };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: fc.constant('put' as const), ...row }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom('delete' as const, 'delete', 'get', 'fetch', 'between', 'group'),
        ...row,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('entries' as const), store: row.store }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('seal' as const, 'write', 'write', 'crash') }) },
  ),
  { minLength: 1, maxLength: 250, size: 'max' },
);

type Change = readonly [store: string, key: Encoded, value: Encoded | null, timestamp: number];

/** A state, what it should hold, and what it should come back as. */
class Run {
  readonly #cacheRows: number;
  readonly #reopen: (backend: Backend) => Backend;
  readonly #sealed: { sealed: Sealed; model: Model; changes: Change[] }[] = [];
  readonly #changelog: Change[] = [];
  #backend: Backend;
  #state: TaskState;
  #live: Model = emptyModel();
  #committed: Model = emptyModel();
  #position = 0;

  constructor(backend: Backend, reopen: (backend: Backend) => Backend, cacheRows: number) {
    this.#backend = backend;
    this.#reopen = reopen;
    this.#cacheRows = cacheRows;
    this.#state = openTaskState(backend, stores, { cacheRows });
  }

  take(step: Step): void {
    if ('key' in step) this.#touch(step);
    else if (step.do === 'entries') this.#compare(this.#state, stores[step.store]!, this.#live);
    else if (step.do === 'seal') this.#seal();
    else if (step.do === 'write') this.#write();
    else this.crash();
  }

  crash(): void {
    this.#state.close();
    this.#backend = this.#reopen(this.#backend);
    this.#state = openTaskState(this.#backend, stores, { cacheRows: this.#cacheRows });
    this.#live = copyModel(this.#committed);
    this.#sealed.length = 0;
    expect(this.#state.meta).toEqual(
      new Map(this.#position === 0 ? [] : [['position', `${this.#position}`]]),
    );
    for (const store of stores) this.#compare(this.#state, store, this.#committed);
  }

  /** What the changelog alone gives is what was written. */
  restore(backend: Backend): void {
    const restore = beginRestore(backend, stores, { settleRows: 20 });
    for (const [i, [store, key, value, timestamp]] of this.#changelog.entries()) {
      restore.apply(
        store,
        Buffer.from(key as string),
        value === null ? null : Buffer.from(value as string),
        timestamp,
      );
      if (i % 7 === 0) restore.commit(new Map());
    }
    restore.finish(new Map());
    for (const store of stores) this.#compare(openTaskState(backend, stores), store, this.#committed);
    backend.close();
  }

  close(): void {
    this.#backend.close();
  }

  #seal(): void {
    const sealed = this.#state.seal();
    const changes: Change[] = [];
    sealed.forEachChange((...change) => changes.push(change));
    expect(sealed.rows).toBe(changes.length);
    expect(this.#state.dirtyRows).toBe(0);
    this.#sealed.push({ sealed, model: copyModel(this.#live), changes });
  }

  #write(): void {
    const next = this.#sealed.shift();
    if (next === undefined) return;
    next.sealed.write(new Map([['position', `${++this.#position}`]]));
    this.#committed = next.model;
    this.#changelog.push(...next.changes);
  }

  #touch(step: Touch): void {
    const { name, spec } = stores[step.store]!;
    const choices = keys[spec.key.name]!;
    const key = choices[step.key % choices.length];
    const model = this.#live.get(name)!;
    const windowed = spec.kind !== 'keyValue';
    const start = windowed ? this.#startNear(model, step.start) : 0;
    const id = idOf(spec.key, key);
    const value = spec.value.name === 'int32' ? step.value : `${step.value}`;
    const timestamp = step.value;
    if (step.do === 'put') {
      if (windowed) this.#state.windowStore(name).put(key, start, value, timestamp);
      else this.#state.store(name).put(key, value, timestamp);
      putModel(model, id, { key, start, value, timestamp });
    } else if (step.do === 'delete') {
      if (windowed) this.#state.windowStore(name).delete(key, start, timestamp);
      else this.#state.store(name).delete(key, timestamp);
      deleteModel(model, id, start);
    } else if (spec.group !== undefined && step.do !== 'get') {
      const range = spec.group(key);
      const found = [...this.#state.store(name).group(range)].map(([at, cell]) => [shown(at), cell]);
      const from = encodedId(range.from);
      const expected = visibleRows(model).filter(([, at]) => encodedId(spec.group!(at.key).from) === from);
      expect(found).toEqual(
        expected.map(([, at]) => [shown(at.key), { value: at.value, timestamp: at.timestamp }]),
      );
    } else if (step.do === 'get' || !windowed) {
      const found = windowed
        ? this.#state.windowStore(name).get(key, start)
        : this.#state.store(name).get(key);
      const expected = visibleRows(model).find(([other, at]) => other === id && at.start === start)?.[1];
      expect(found).toEqual(expected && { value: expected.value, timestamp: expected.timestamp });
    } else if (step.do === 'between') {
      const found = [...this.#state.windowStore(name).between(start - 30, start)].map(([at]) => at.start);
      const expected = visibleRows(model).filter(([, at]) => at.start >= start - 30 && at.start <= start);
      expect(found).toEqual(expected.map(([, at]) => at.start));
    } else {
      const found = [...this.#state.windowStore(name).fetch(key, start - 30, start)];
      const expected = visibleRows(model).filter(
        ([other, at]) => other === id && at.start >= start - 30 && at.start <= start,
      );
      expect(found).toEqual(
        expected.map(([, at]) => [at.start, { value: at.value, timestamp: at.timestamp }]),
      );
    }
  }

  /** Windows move on slowly, with late ones now and then. */
  #startNear(model: ModelStore, choice: number): number {
    const now = Math.max(0, model.largestStart);
    return now + ([10, 5, 50][choice - 10] ?? -5 * choice);
  }

  #compare(state: TaskState, { name, spec }: StoreDefinition, model: Model): void {
    const expected = visibleRows(model.get(name)!);
    const cellOf = (at: { value: unknown; timestamp: number }): unknown => ({
      value: at.value,
      timestamp: at.timestamp,
    });
    if (spec.kind !== 'keyValue') {
      const found = [...state.windowStore(name).entries()].map(([at, cell]) => [
        { ...at, key: shown(at.key) },
        cell,
      ]);
      expect(found).toEqual(
        expected.map(([, at]) => [{ key: shown(at.key), start: at.start, end: at.start + 10 }, cellOf(at)]),
      );
    } else {
      const found = [...state.store(name).entries()].map(([key, cell]) => [shown(key), cell]);
      expect(found).toEqual(expected.map(([, at]) => [shown(at.key), cellOf(at)]));
    }
  }
}

function emptyModel(): Model {
  return new Map(
    stores.map(({ name, spec }) => {
      const retention = spec.retention ?? Number.POSITIVE_INFINITY;
      return [name, { retention, largestStart: Number.NEGATIVE_INFINITY, rows: new Map() }];
    }),
  );
}

/** Sorts as the encoded bytes do. */
const idOf = (codec: AnyCodec, key: unknown): string => encodedId(codec.encode(key));
const encodedId = (encoded: Encoded): string => Buffer.from(encoded as string).toString('latin1');

/** As keys come back: text holds no lone surrogates. */
function shown(key: unknown): unknown {
  if (Array.isArray(key)) return key.map(shown);
  return typeof key === 'string' ? key.toWellFormed() : key;
}

describe('openTaskState', () => {
  const limits = fc.constantFrom(1, 3, 10, 1000);

  test.prop([steps, limits], { numRuns: 300 })(
    'does what a plain Map does, whatever is sealed, written, evicted or lost',
    (todo, cacheRows) => {
      const run = new Run(memoryBackend(), (backend) => backend, cacheRows);
      for (const step of todo) run.take(step);
      run.crash();
      run.restore(memoryBackend());
    },
    120_000,
  );

  test.prop([steps, limits], { numRuns: 30 })(
    'F15: comes back from a copy of its files as last written',
    (todo, cacheRows) => {
      let folder = temporaryFolder();
      const opened: Backend[] = [];
      const open = (): Backend => {
        const backend = sqliteBackend(folder);
        opened.push(backend);
        return backend;
      };
      const run = new Run(
        open(),
        () => {
          // What is on disk while the database is still open: as after a SIGKILL.
          const next = temporaryFolder();
          cpSync(folder, next, { recursive: true });
          folder = next;
          return open();
        },
        cacheRows,
      );
      for (const step of todo) run.take(step);
      run.crash();
      run.restore(sqliteBackend(temporaryFolder()));
      for (const backend of opened) backend.close();
    },
    120_000,
  );
});
