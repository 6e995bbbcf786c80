import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bigTopology, mistakes, typicalTopology } from './typeCheckSources.ts';

const root = join(import.meta.dirname, '../..');
// Below the project, so that packages are found from there; not below what tsconfig.json includes.
mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
const folder = mkdtempSync(join(root, 'node_modules/.cache/types-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Checked {
  readonly errors: readonly string[];
  readonly instantiations: number;
  readonly seconds: number;
}

/** What the compiler says of a file by a user, with the settings of this project. */
function check(name: string, source: string): Promise<Checked> {
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      isolatedDeclarations: false,
      declaration: false,
      noUnusedLocals: false,
      types: ['node'],
    },
    include: [`${name}.ts`],
  };
  writeFileSync(
    join(folder, `${name}.ts`),
    source.replaceAll("'millrace'", `'${join(root, 'src/index.ts')}'`),
  );
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(config));
  const parameters = [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(folder, `${name}.json`)];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...parameters, '--extendedDiagnostics', '--singleThreaded'],
      { cwd: folder },
      (_, out) => {
        const figure = (of: RegExp): number => Number(of.exec(out)?.[1]);
        resolve({
          errors: out.split('\n').filter((line) => line.includes('error TS')),
          instantiations: figure(/^Instantiations: +(\d+)/m),
          seconds: figure(/^Check time: +([\d.]+)/m),
        });
      },
    );
  });
}

const pipes = 50;
const checked = Promise.all([
  check('typical', typicalTopology),
  check('big', bigTopology(pipes)),
  check('mistakes', mistakes.map(({ code }) => code).join('\n')),
]);

/** Instantiations are the compiler's measure of its own work, and are the same each time. */
describe('the compiler', { timeout: 120_000 }, () => {
  it('checks a typical topology with little work', async () => {
    const [{ errors, instantiations, seconds }] = await checked;
    expect(errors).toEqual([]);
    // Most of it is for the sources of millrace, which users have as declarations.
    expect(instantiations, `in ${seconds} s`).toBeLessThan(110_000);
  });

  it('needs as much for each step of a large file', async () => {
    const [typical, { errors, instantiations, seconds }] = await checked;
    expect(errors).toEqual([]);
    const each = (instantiations - typical.instantiations) / (20 * pipes);
    expect(each, `in ${seconds} s`).toBeLessThan(400);
    // What is far too small was not checked.
    expect(each).toBeGreaterThan(50);
  });

  it('says in its first line what is wrong', async () => {
    const [, , { errors }] = await checked;
    const first = errors.map((line) => line.replace(/^.*error TS\d+: /, ''));
    expect(first).toEqual(mistakes.flatMap(({ says }) => (says === undefined ? [] : [says])));
  });
});
