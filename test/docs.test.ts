import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../src/errors.ts';

const root = join(import.meta.dirname, '..');

describe('docs/errors.md', () => {
  const sections = readFileSync(join(root, 'docs/errors.md'), 'utf8').split(/^### /m).slice(1);
  const byCode = new Map(sections.map((section) => [section.split('\n', 1)[0]!, section]));

  it('has one section for each code of src/errors.ts, in the same order', () => {
    expect([...byCode.keys()]).toEqual(Object.keys(errorCodes));
    expect(sections).toHaveLength(byCode.size);
  });

  it.each(Object.entries(errorCodes))(
    'says of %s what the code says, when it happens and what to do',
    (code, means) => {
      const section = byCode.get(code) ?? '';
      expect(section.split('\n').filter(Boolean)[1]).toBe(`${means[0]!.toUpperCase()}${means.slice(1)}.`);
      expect(section).toMatch(/^\*\*When:\*\* \S/m);
      expect(section).toMatch(/^\*\*What to do:\*\* \S/m);
    },
  );
});

describe('README.md', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const said = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(readme);

  it('names every operator', () => {
    const operators = globSync('src/operators/*.ts', { cwd: root }).map((file) => basename(file, '.ts'));
    expect(operators.length).toBeGreaterThan(30);
    expect(operators.filter((name) => !said(name))).toEqual([]);
  });

  it.each(globSync('src/operators/*.ts', { cwd: root }))('%s has an example beside its operator', (file) => {
    expect(readFileSync(join(root, file), 'utf8')).toMatch(/^ \* @example\n \* \S/m);
  });
});

describe('the documents', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const documents = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md', 'compose.yaml'], { cwd: root });

  it.each(documents)('%s names scripts that exist', (document) => {
    const text = readFileSync(join(root, document), 'utf8');
    const named = [...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)].map((match) => match[1]!);
    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it.each(documents)('%s links to files that exist', (document) => {
    const text = readFileSync(join(root, document), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1]!);
    const files = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(files.filter((file) => !existsSync(join(root, dirname(document), file)))).toEqual([]);
  });
});

describe('docs/kafka-streams.md', () => {
  const text = readFileSync(join(root, 'docs/kafka-streams.md'), 'utf8').replaceAll(/\s+/g, ' ');
  const differences = text.slice(text.indexOf('## Where the answers differ'));

  it('names tests that exist', () => {
    const named = [...differences.matchAll(/`(test\/[\w/]+\.test\.ts)`(?: \("([^"]+)"\))?/g)];
    expect(named.length).toBeGreaterThan(15);
    const missing = named.filter(([, file, title]) => {
      const source = readFileSync(join(root, file!), 'utf8');
      return title !== undefined && !source.includes(`'${title}'`);
    });
    expect(missing.map(([whole]) => whole)).toEqual([]);
  });

  it('names cases that are there', () => {
    const cases = globSync('test/conformance/cases/*', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8')).join(); // biome-ignore format: one line
    const named = [...differences.matchAll(/\brandom-[\w-]+-\d+-\d+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !cases.includes(`"name":"${name}"`))).toEqual([]);
  });
});
