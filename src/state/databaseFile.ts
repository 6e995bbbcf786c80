import type Database from 'better-sqlite3';
import { MillraceError } from '../errors.ts';
import type { TableSpec } from './backend.ts';
import { checkSameTable } from './tableSpec.ts';

/** Takes a database from one format to the next: what older code would misread. Runs inside a transaction, once. */
export type Migration = (database: Database.Database) => void;

/** The first takes format 1 to 2, and so on: the format written is one more than there are. */
const migrations: readonly Migration[] = [];

/** Where the format version stands among the meta data. */
export const formatName = 'format';

/**
 * Makes a new database what millrace needs, or an old one: it is migrated in one transaction, so that a crash leaves it as
 * it was. STATE_INCOMPATIBLE when a newer millrace or another program wrote it; it is left alone then.
 */
export function prepareFile(
  database: Database.Database,
  path: string,
  steps: readonly Migration[] = migrations,
): void {
  const latest = steps.length + 1;
  const found = readFormat(database, path, latest);
  // Pages move to the file only after their checksums: see pageSums.ts.
  database.pragma('wal_autocheckpoint = 0');
  database.pragma('page_size = 4096');
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = normal');
  database.pragma('cache_size = -16384');
  database.pragma('cell_size_check = on');
  database.pragma('trusted_schema = off');
  const prepare = database.transaction(() => {
    database.exec(`
    create table if not exists millrace_meta (name text not null primary key, value text not null) without rowid, strict;
    create table if not exists millrace_stores (
      name text not null primary key, kind text not null, key text not null, value text not null,
      rows text not null unique collate nocase) without rowid, strict`);
    for (const migrate of steps.slice(found - 1)) migrate(database);
    database.prepare(`replace into millrace_meta values ('${formatName}', ?)`).run(`${latest}`);
  });
  if (found < latest || !hasTables(database)) prepare.immediate();
}

function hasTables(database: Database.Database): boolean {
  return database.prepare("select 1 from sqlite_schema where name = 'millrace_stores'").get() !== undefined;
}

/** Of a new database the latest. */
function readFormat(database: Database.Database, path: string, latest: number): number {
  const tables = database.prepare<[], string>('select name from sqlite_schema').pluck().all();
  if (tables.length === 0) return latest;
  const found = tables.includes('millrace_meta')
    ? database
        .prepare<[string], string>('select value from millrace_meta where name = ?')
        .pluck()
        .get(formatName)
    : undefined;
  if (Number(found) <= latest) return Number(found);
  throw new MillraceError(
    'STATE_INCOMPATIBLE',
    'the state database has a format this millrace does not know',
    {
      path,
      expected: `format ${latest} or older`,
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
