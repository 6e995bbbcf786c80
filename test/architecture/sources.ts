import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** A source file as the architecture's rules see it. */
export interface Source {
  /** Relative to the project, with slashes: 'src/dsl/node.ts'. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** A source file's path, or the name of a package. */
  readonly target: string;
  readonly isFile: boolean;
  /** `import type`: gone when the program runs. */
  readonly isType: boolean;
}

const root = join(import.meta.dirname, '../..');

/** Every TypeScript file in a folder of the project, in alphabetical order. */
export function readSources(folder: string): Source[] {
  const paths = globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root }).map((path) => path.replaceAll('\\', '/'));
  return paths.sort().map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** What stays when comments are taken away. Relies on the formatter: a block comment starts a line, as do its lines. */
export function codeOf({ text }: Source): string {
  const lines = text.split('\n').filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line));
  return lines.map((line) => line.replace(/\s\/\/ .*$/, '')).join('\n');
}

/** Imports and re-exports, types included, whether static or by import(). */
export function importsOf(source: Source): Import[] {
  const code = codeOf(source);
  const statements = [
    ...code.matchAll(/^(?:import|export)\b[^'";]*?\bfrom '([^']+)'/gm),
    ...code.matchAll(/^import '([^']+)'/gm),
    ...code.matchAll(/\b(?:import|require)\('([^']+)'\)/g),
  ];
  return statements.map(([statement, name]) => {
    const isType = /^(import|export) type /.test(statement);
    if (!name!.startsWith('.')) return { target: packageOf(name!), isFile: false, isType };
    return { target: posix.normalize(posix.join(dirname(source.path), name!)), isFile: true, isType };
  });
}

function packageOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}
