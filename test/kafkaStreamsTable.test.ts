import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import * as millrace from '../src/index.ts';

const root = join(import.meta.dirname, '..');
const section = readFileSync(join(root, 'docs/kafka-streams.md'), 'utf8')
  .split(/^## /m)
  .find((part) => part.startsWith("From Kafka Streams' API to millrace"))!;

interface Row {
  readonly theirs: readonly string[];
  readonly ours: string;
  /** Code spans. */
  readonly code: readonly string[];
}

const spansOf = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, span]) => span!);

/** Names in the left column: '.b' behind 'A.a' stands for 'A.b'. */
function namesIn(cell: string): string[] {
  let owner = '';
  return spansOf(cell).map((span) => {
    if (span.startsWith('.')) return owner + span;
    owner = span.slice(0, span.lastIndexOf('.'));
    return span;
  });
}

const rows: readonly Row[] = section
  .split('\n')
  .filter((line) => /^\| *`/.test(line))
  .map((line) => {
    const [left, ...right] = line.slice(1, line.lastIndexOf('|')).split(' | ');
    const ours = right.join(' | ').trim();
    return { theirs: namesIn(left!), ours, code: spansOf(ours) };
  });

/** All that is public in Kafka Streams, as `javap -public` lists it: 'Class: method method'. */
const publicNames = readFileSync(join(root, 'test/vectors/kafka-streams-4.1-api.txt'), 'utf8')
  .trim()
  .split('\n')
  .flatMap((line) => {
    const [owner, methods] = line.split(': ');
    return methods!.split(' ').map((method) => `${owner}.${method}`);
  });

/** A module with all that millrace exports in scope, what the section declares, and each line of code as an expression. */
function moduleOf(code: readonly string[]): string {
  const [, declared] = /```ts\n([\s\S]*?)```/.exec(section)!;
  const lines = code.map((line, index) => `export const line${index}: unknown = ${line};`);
  const all = `import { ${Object.keys(millrace).join(', ')} } from '${join(root, 'src/index.ts')}';`;
  return [all, declared, ...lines].join('\n');
}

async function compile(folder: string): Promise<string> {
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noUnusedLocals: false,
      isolatedDeclarations: false,
      declaration: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [join(folder, '*.ts')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const run = promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false']);
  return run.then(
    () => '',
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );
}

describe("docs/kafka-streams.md, from Kafka Streams' API to millrace", () => {
  const listed = rows.flatMap(({ theirs }) => theirs);

  it('leaves out nothing that is public there, and makes nothing up', () => {
    expect(publicNames.filter((name) => !listed.includes(name))).toEqual([]);
    expect(listed.filter((name) => !publicNames.includes(name))).toEqual([]);
    expect(publicNames.length).toBeGreaterThan(300);
  });

  it('says something of everything', () => {
    expect(rows.filter(({ ours }) => ours.length < 5)).toEqual([]);
  });

  it('shows every operator', () => {
    const spans = rows.flatMap(({ code }) => code).join('\n');
    const shown = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(spans);
    const others = [
      'MillraceError',
      'errorCodes',
      'openClient',
      'embeddedBroker',
      'bytes',
      'float64',
      'nullable',
    ];
    // What Kafka Streams has nothing like.
    const own = ['delay', 'mapAsync', 'rxjs', 'folderSnapshots'];
    const missing = Object.keys(millrace).filter(
      (name) => !shown(name) && ![...others, ...own].includes(name),
    );
    expect(missing).toEqual([]);
  });

  it('has lines of code that compile, and that describe without complaint', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-table-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const code = rows.flatMap((row) => row.code);
    const file = join(folder, 'lines.ts');
    writeFileSync(file, moduleOf(code));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const complaints = (await compile(folder)).split('\n').map((line) => {
      const found = /lines\.ts\((\d+),/.exec(line);
      return found === null
        ? line
        : `${readFileSync(file, 'utf8').split('\n')[Number(found[1]) - 1]}: ${line}`;
    });
    expect(complaints.filter((line) => line !== '')).toEqual([]);
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const made: Record<string, unknown> = await import(file);
    expect(Object.keys(made)).toHaveLength(code.length);
  }, 120_000);
});
