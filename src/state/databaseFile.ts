import type Database from 'better-sqlite3';
import { MillraceError } from '../errors.ts';
import type { TableSpec } from './backend.ts';
import { checkSameTable } from './tableSpec.ts';

/** Raised when what is in the file changes in a way that older code would misread. */
const formatVersion = 1;

/** Where the format version stands among the meta data. */
export const formatName = 'format';

/** Makes a new database what millrace needs, or checks that an old one is. */
export function prepareFile(database: Database.Database, path: string): void {
  checkFormat(database, path);
  // Pages move to the file only after their checksums: see pageSums.ts.
  database.pragma('wal_autocheckpoint = 0');
  database.pragma('page_size = 4096');
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = normal');
  database.pragma('cache_size = -16384');
  database.pragma('cell_size_check = on');
  database.pragma('trusted_schema = off');
  database.exec(`
    begin immediate;
    create table if not exists millrace_meta (name text not null primary key, value text not null) without rowid, strict;
    create table if not exists millrace_stores (
      name text not null primary key, kind text not null, key text not null, value text not null,
      rows text not null unique collate nocase) without rowid, strict;
    insert into millrace_meta values ('${formatName}', '${formatVersion}') on conflict do nothing;
    commit`);
}

function checkFormat(database: Database.Database, path: string): void {
  const tables = database.prepare<[], string>('select name from sqlite_schema').pluck().all();
  if (tables.length === 0) return;
  const found = tables.includes('millrace_meta')
    ? database
        .prepare<[string], string>('select value from millrace_meta where name = ?')
        .pluck()
        .get(formatName)
    : undefined;
  if (Number(found) <= formatVersion) return;
  throw new MillraceError(
    'STATE_INCOMPATIBLE',
    'the state database has a format this millrace does not know',
    {
      path,
      expected: `format ${formatVersion} or older`,
      found: found === undefined ? 'a database of another program' : `format ${found}`,
      next: 'Run the version of millrace that wrote it, or move the file aside to rebuild the state from its changelog.',
    },
  );
}

/** The table of a store: its own name where SQLite, which ignores case and keeps some names to itself, lets it. */
export function nameTable(database: Database.Database, spec: TableSpec, path: string): string {
  type Entry = Pick<TableSpec, 'kind' | 'key' | 'value'> & { readonly rows: string };
  const entry = database.prepare<[string], Entry>(
    'select kind, key, value, rows from millrace_stores where name = ?',
  );
  const known = entry.get(spec.name);
  if (known !== undefined) {
    checkSameTable({ ...known, name: spec.name }, spec, path);
    return known.rows;
  }
  const taken = database.prepare<[string]>('select 1 from millrace_stores where rows = ?');
  const reserved = /^(sqlite|millrace)_/i.test(spec.name) || spec.name === '';
  const wanted = reserved ? `~${spec.name}` : spec.name;
  let name = wanted;
  for (let i = 2; taken.get(name) !== undefined; i++) name = `${wanted}~${i}`;
  const { kind, key, value } = spec;
  database
    .prepare('insert into millrace_stores values (?, ?, ?, ?, ?)')
    .run(spec.name, kind, key, value, name);
  return name;
}
