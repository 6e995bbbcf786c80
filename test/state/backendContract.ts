import { describe, expect, it, onTestFinished } from 'vitest';
import type { Backend, Row, Table, TableSpec, Writer } from '../../src/state/backend.ts';

const words: TableSpec = { name: 'words', kind: 'keyValue', key: 'text', value: 'text' };
const blobs: TableSpec = { name: 'blobs', kind: 'keyValue', key: 'bytes', value: 'bytes' };
const textWindows: TableSpec = { name: 'text-windows', kind: 'window', key: 'text', value: 'text' };
const byteWindows: TableSpec = { name: 'byte-windows', kind: 'window', key: 'bytes', value: 'bytes' };
const textTimes: TableSpec = { name: 'text-times', kind: 'timeline', key: 'text', value: 'text' };
const byteTimes: TableSpec = { name: 'byte-times', kind: 'timeline', key: 'bytes', value: 'bytes' };

/** What every backend must do. `open` gives a new, empty one. */
export function backendContract(name: string, open: () => Backend): void {
  const opened = (): Backend => {
    const backend = open();
    onTestFinished(() => backend.close());
    return backend;
  };

  describe(`${name}: rows`, () => {
    it('finds nothing in a new table', () => {
      const table = opened().open(words);
      expect(table.isEmpty()).toBe(true);
      expect(table.get('a', 0)).toBeUndefined();
      expect([...table.rows()]).toEqual([]);
    });

    it('gives back what was put, replaced and deleted', () => {
      const backend = opened();
      const table = backend.open(words);
      backend.transaction((write) => {
        write.put(table, 'a', 0, '1', 10);
        write.put(table, 'b', 0, '2', 20);
        write.put(table, 'a', 0, '3', 30);
        write.delete(table, 'b', 0);
        write.delete(table, 'never there', 0);
      });
      expect(table.get('a', 0)).toEqual({ key: 'a', start: 0, value: '3', timestamp: 30 });
      expect(table.get('b', 0)).toBeUndefined();
      expect(table.isEmpty()).toBe(false);
      backend.transaction((write) => write.delete(table, 'a', 0));
      expect(table.isEmpty()).toBe(true);
    });

    it('tells apart keys of any bytes and gives values of any bytes', () => {
      const backend = opened();
      const table = backend.open(blobs);
      const keys = [[], [0], [0, 0], [0xff], [0x80, 0x41], [0x41], [0xc3, 0xa9]].map((bytes) =>
        Buffer.from(bytes),
      );
      backend.transaction((write) => {
        for (const [i, key] of keys.entries()) write.put(table, key, 0, Buffer.from([...key, i]), i);
        write.put(table, Buffer.from('no value'), 0, Buffer.alloc(0), 1);
      });
      for (const [i, key] of keys.entries())
        expect(table.get(key, 0)?.value).toEqual(Buffer.from([...key, i]));
      expect(table.get(Buffer.from('no value'), 0)?.value).toEqual(Buffer.alloc(0));
      const found = [...table.rows()].map((row) => row.key as Buffer);
      expect(found).toEqual([...found].sort(Buffer.compare));
      expect(found).toHaveLength(8);
    });

    it('tells apart text keys that are empty, hold NUL, differ in case, accents or trailing blanks', () => {
      const backend = opened();
      const table = backend.open(words);
      const keys = ['', '\0', 'a', 'A', 'a ', 'a\0', 'a\0b', 'é', 'e\u0301', "it's", '"', '😀', '\ufffd'];
      backend.transaction((write) => {
        for (const key of keys) write.put(table, key, 0, `<${key}>`, 1);
      });
      for (const key of keys) expect(table.get(key, 0)?.value).toBe(`<${key}>`);
      expect([...table.rows()]).toHaveLength(keys.length);
    });

    it('orders text by its UTF-8 bytes, not by UTF-16', () => {
      const backend = opened();
      const table = backend.open(words);
      const keys = ['b', 'a', '\uffee', '😀', '\u{10ffff}', 'ab', 'é', 'Z', ''];
      backend.transaction((write) => {
        for (const key of keys) write.put(table, key, 0, '', 1);
      });
      const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect([...table.rows()].map((row) => row.key)).toEqual(sorted);
    });

    it('keeps timestamps from -1 to the largest safe integer', () => {
      const backend = opened();
      const table = backend.open(words);
      const timestamps = [-1, 0, 2 ** 31, 1_700_000_000_000, Number.MAX_SAFE_INTEGER];
      backend.transaction((write) => {
        for (const timestamp of timestamps) write.put(table, `${timestamp}`, 0, '', timestamp);
      });
      for (const timestamp of timestamps) expect(table.get(`${timestamp}`, 0)?.timestamp).toBe(timestamp);
    });

    it('keeps what it was given when the caller changes its buffers', () => {
      const backend = opened();
      const table = backend.open(blobs);
      const key = Buffer.from('key');
      const value = Buffer.from('value');
      backend.transaction((write) => {
        write.put(table, key, 0, value, 1);
        key.fill(0);
        value.fill(0);
      });
      const row = table.get(Buffer.from('key'), 0)!;
      expect(row.value).toEqual(Buffer.from('value'));
      (row.value as Buffer).fill(0);
      expect(table.get(Buffer.from('key'), 0)?.value).toEqual(Buffer.from('value'));
    });

    it('gives the rows within a range of keys, the end left out, more of them than a page too', () => {
      const backend = opened();
      const [table, bytes] = [backend.open(words), backend.open(blobs)];
      backend.transaction((write) => {
        for (const key of ['a', 'a/', 'a/1', 'a/\u{10ffff}', 'a0', 'b']) write.put(table, key, 0, key, 1);
        for (let i = 0; i < 2500; i++)
          write.put(bytes, Buffer.from([1, i >> 8, i & 255]), 0, Buffer.from('x'), i);
      });
      const found = [...table.within({ from: 'a/', until: 'a0' })].map((row) => row.key);
      expect(found).toEqual(['a/', 'a/1', 'a/\u{10ffff}']);
      expect([...table.within({ from: 'c', until: 'd' })]).toEqual([]);
      const range = { from: Buffer.from([1, 0, 1]), until: Buffer.from([1, 9, 0]) };
      expect([...bytes.within(range)].map((row) => row.timestamp)).toEqual(
        Array.from({ length: 2303 }, (_, i) => i + 1),
      );
      expect([...bytes.within({ ...range, reverse: true })].map((row) => row.timestamp)).toEqual(
        Array.from({ length: 2303 }, (_, i) => 2303 - i),
      );
      const keys = (rows: Iterable<Row>): unknown[] => Array.from(rows, ({ key }) => key);
      expect(keys(table.within({ from: 'a0' }))).toEqual(['a0', 'b']);
      expect(keys(table.within({ until: 'a/1', reverse: true }))).toEqual(['a/', 'a']);
      expect(keys(table.within({ reverse: true }))).toEqual(keys(table.rows()).reverse());
    });

    it('scans more rows than a page, while rows are being written', () => {
      const backend = opened();
      const table = backend.open(words);
      const name = (i: number): string => `key-${String(i).padStart(5, '0')}`;
      backend.transaction((write) => {
        for (let i = 0; i < 2500; i++) write.put(table, name(i), 0, `${i}`, i);
      });
      let seen = 0;
      for (const row of table.rows()) {
        expect(row.key).toBe(name(seen++));
        if (seen === 10) backend.transaction((write) => write.put(table, 'aaa', 0, '', 1));
      }
      expect(seen).toBe(2500);
    });
  });

  describe.each([
    ['windows', textWindows, byteWindows],
    ['timelines', textTimes, byteTimes],
  ])(`${name}: %s`, (_kind, textRows, byteRows) => {
    const fill = (backend: Backend, table: Table): void =>
      backend.transaction((write) => {
        for (const start of [30, 10, 20]) {
          for (const key of ['b', 'a']) write.put(table, key, start, `${key}${start}`, start + 5);
        }
      });

    it('keeps a row per key and start, and gives them by start and then by key', () => {
      const backend = opened();
      const table = backend.open(textRows);
      fill(backend, table);
      expect(table.get('a', 10)).toEqual({ key: 'a', start: 10, value: 'a10', timestamp: 15 });
      expect(table.get('a', 11)).toBeUndefined();
      expect([...table.rows()].map((row) => row.value)).toEqual(['a10', 'b10', 'a20', 'b20', 'a30', 'b30']);
    });

    it('gives a range of one key, both ends included', () => {
      const backend = opened();
      const table = backend.open(textRows);
      fill(backend, table);
      backend.transaction((write) => write.delete(table, 'a', 20));
      const values = (rows: Row[]): unknown[] => rows.map((row) => row.value);
      expect(values(table.range('b', 10, 30))).toEqual(['b10', 'b20', 'b30']);
      expect(values(table.range('b', 11, 29))).toEqual(['b20']);
      expect(values(table.range('b', 11, 19))).toEqual([]);
      expect(values(table.range('b', 31, 90))).toEqual([]);
      expect(values(table.range('b', 30, 10))).toEqual([]);
      expect(values(table.range('a', 0, 99))).toEqual(['a10', 'a30']);
      expect(values(table.range('c', 0, 99))).toEqual([]);
    });

    it('gives what starts between two moments, both included, by start and then by key', () => {
      const backend = opened();
      const table = backend.open(textRows);
      fill(backend, table);
      const values = (from: number, to: number): unknown[] =>
        [...table.between(from, to)].map((row) => row.value);
      expect(values(10, 20)).toEqual(['a10', 'b10', 'a20', 'b20']);
      expect(values(11, Number.POSITIVE_INFINITY)).toEqual(['a20', 'b20', 'a30', 'b30']);
      expect(values(11, 19)).toEqual([]);
    });

    it('takes starts before 1970 and after 2038', () => {
      const backend = opened();
      const table = backend.open(byteRows);
      const key = Buffer.from('k');
      const starts = [-86_400_000, 0, 2 ** 31, 4_102_444_800_000];
      backend.transaction((write) => {
        for (const start of starts) write.put(table, key, start, Buffer.from(`${start}`), 1);
      });
      expect(table.range(key, -1e15, 1e15).map((row) => row.start)).toEqual(starts);
    });

    it('expires all rows that start before', () => {
      const backend = opened();
      const table = backend.open(textRows);
      fill(backend, table);
      backend.transaction((write) => write.expire(table, 20));
      expect([...table.rows()].map((row) => row.value)).toEqual(['a20', 'b20', 'a30', 'b30']);
    });

    it('scans pages across starts', () => {
      const backend = opened();
      const table = backend.open(textRows);
      backend.transaction((write) => {
        for (let i = 0; i < 2500; i++) write.put(table, `k${i % 700}`, Math.floor(i / 700), '', i);
      });
      const seen = [...table.rows()].map((row) => `${row.start}/${row.key}`);
      expect(seen).toHaveLength(2500);
      expect(seen).toEqual([...seen].sort());
    });
  });

  describe(`${name}: transactions`, () => {
    const throwing = (backend: Backend, writes: (write: Writer) => void): void =>
      expect(() =>
        backend.transaction((write) => {
          writes(write);
          throw new Error('half way');
        }),
      ).toThrow('half way');

    it('leaves everything as it was when a write throws', () => {
      const backend = opened();
      const table = backend.open(textWindows);
      backend.transaction((write) => {
        write.put(table, 'a', 10, '1', 1);
        write.meta('position', '5');
      });
      throwing(backend, (write) => {
        write.put(table, 'a', 10, '2', 2);
        write.put(table, 'b', 10, '2', 2);
        write.append(table, 'c', 10, '2', 2);
        write.settle(table);
        write.append(table, 'd', 10, '2', 2);
        write.expire(table, 100);
        write.meta('position', '6');
        write.clear(table);
      });
      expect([...table.rows()].map((row) => row.value)).toEqual(['1']);
      expect(backend.readMeta()).toEqual(new Map([['position', '5']]));
    });

    it('goes on after a transaction that failed', () => {
      const backend = opened();
      const table = backend.open(words);
      throwing(backend, (write) => write.append(table, 'a', 0, '1', 1));
      backend.transaction((write) => {
        write.append(table, 'b', 0, '2', 2);
        write.settle(table);
      });
      expect([...table.rows()].map((row) => row.key)).toEqual(['b']);
    });

    it('keeps the last value of each name in meta', () => {
      const backend = opened();
      expect(backend.readMeta()).toEqual(new Map());
      backend.transaction((write) => {
        write.meta('a', '1');
        write.meta('b', '');
        write.meta('a', 'é\0"');
      });
      expect(backend.readMeta()).toEqual(new Map([['a', 'é\0"'], ['b', '']])); // biome-ignore format: one line
    });
  });

  describe(`${name}: closing`, () => {
    it('can be closed twice, and refuses to be used from then on', () => {
      const backend = open();
      backend.open(words);
      backend.close();
      backend.close();
      const late = [() => backend.readMeta(), () => backend.transaction(() => {}), () => backend.open(blobs)];
      for (const use of late) expect(use).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    });
  });

  describe(`${name}: bulk loads`, () => {
    it('shows what was appended once it is settled, the last of each row', () => {
      const backend = opened();
      const table = backend.open(words);
      backend.transaction((write) => {
        write.append(table, 'b', 0, 'old', 1);
        write.append(table, 'a', 0, 'only', 2);
        write.append(table, 'deleted', 0, 'x', 3);
        write.append(table, 'again', 0, null, 3);
      });
      expect(table.isEmpty()).toBe(true);
      backend.transaction((write) => {
        write.append(table, 'b', 0, 'new', 4);
        write.append(table, 'deleted', 0, null, 5);
        write.append(table, 'never', 0, null, 6);
        write.append(table, 'again', 0, 'back', 7);
      });
      backend.transaction((write) => write.settle(table));
      expect([...table.rows()].map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
        ['a', 'only', 2],
        ['again', 'back', 7],
        ['b', 'new', 4],
      ]);
    });

    it('settles bytes and windows, over rows that are there', () => {
      const backend = opened();
      const table = backend.open(byteWindows);
      const bytes = (text: string): Buffer => Buffer.from(text);
      backend.transaction((write) => {
        for (const start of [1, 2]) write.put(table, bytes('k'), start, bytes('put'), 1);
        write.append(table, bytes('k'), 2, null, 2);
        write.append(table, bytes('k'), 3, bytes('appended'), 3);
        write.append(table, bytes('k'), 1, Buffer.alloc(0), 4);
        write.settle(table);
        write.settle(table);
      });
      expect([...table.rows()].map(({ start, value, timestamp }) => [start, `${value}`, timestamp])).toEqual([
        [1, '', 4],
        [3, 'appended', 3],
      ]);
    });

    it('forgets rows and appended ones when cleared', () => {
      const backend = opened();
      const table = backend.open(words);
      backend.transaction((write) => {
        write.put(table, 'a', 0, '1', 1);
        write.append(table, 'b', 0, '1', 1);
        write.clear(table);
        write.settle(table);
      });
      expect(table.isEmpty()).toBe(true);
    });
  });

  describe(`${name}: stores`, () => {
    it('keeps stores apart whatever they are called', () => {
      const backend = opened();
      const names = [
        'a',
        'A',
        'a.b',
        'a-b',
        'a_b',
        'sqlite_x',
        'SQLITE_X',
        'millrace_meta',
        'select',
        'é',
        'É',
        '1',
        'a"b',
      ];
      const tables = names.map((store) => backend.open({ ...words, name: store }));
      backend.transaction((write) => {
        for (const [i, table] of tables.entries()) write.put(table, 'key', 0, `${i}`, 1);
      });
      for (const [i, table] of tables.entries()) expect(table.get('key', 0)?.value).toBe(`${i}`);
    });

    it('gives the same table for the same store and refuses another kind or format', () => {
      const backend = opened();
      const table = backend.open(words);
      expect(backend.open({ ...words })).toBe(table);
      for (const changed of [{ kind: 'window' }, { key: 'bytes' }, { value: 'bytes' }] as const) {
        expect(() => backend.open({ ...words, ...changed })).toThrow(
          expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }),
        );
      }
    });
  });
}
