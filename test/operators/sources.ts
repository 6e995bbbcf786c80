import { int64, nullable, type Stream, stream, type Table, table, text } from 'millrace';

/** Texts that may be missing, keys too. */
export const texts: Stream<string | null, string | null> = stream('in', {
  key: nullable(text),
  value: nullable(text),
});
export const numbers: Stream<string, number> = stream('in', { key: text, value: int64 });
/** Numbers that may be missing, keys too. */
export const gaps: Stream<string | null, number | null> = stream('in', {
  key: nullable(text),
  value: nullable(int64),
});
export const rows: Table<string, number> = table('in', { key: text, value: int64, name: 'rows' });
export const words: Table<string, string> = table('in', { key: text, value: text, name: 'rows' });
