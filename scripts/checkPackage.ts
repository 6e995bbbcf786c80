import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oldNode } from './package/oldNode.ts';
import { finish, quietly } from './package/quietly.ts';
import { addCounts, type Counts, countCheck } from './test/counts.ts';
import { root } from './test/run.ts';

/** What the checks share: where the tarball is, and the folder of a program that installs it. */
interface Workplace {
  readonly packed: string;
  readonly consumer: string;
}

type Check = (workplace: Workplace) => Promise<void>;

const skippedCheck: Counts = { passed: 0, failed: 0, skipped: 1 };
const entryPoints = ['millrace', 'millrace/testing', 'millrace/avro'];
/** The entry points from which better-sqlite3 can be reached. */
const guarded = ['millrace', 'millrace/testing'];

/** In order; those after the first two need what those leave. */
const checks: Readonly<Record<string, Check>> = {
  'npm pack makes a tarball': async ({ packed }) => {
    await quietly('npm', ['pack', '--pack-destination', packed], { cwd: root });
  },
  'the tarball installs in an empty folder': async ({ packed, consumer }) => {
    writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n');
    const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    await quietly('npm', ['install', ...options, tarball(packed), '@types/node@24'], { cwd: consumer });
  },
  'publint finds nothing': async ({ packed }) => {
    await quietly('publint', ['run', tarball(packed), '--strict'], { cwd: root });
  },
  'attw finds nothing': async ({ packed }) => {
    await quietly('attw', [tarball(packed), '--profile', 'esm-only', '--no-color'], { cwd: root });
  },
  ...Object.fromEntries(
    entryPoints.map((name): [string, Check] => [
      `node imports ${name}`,
      async ({ consumer }) => {
        const program = `if (Object.keys(await import('${name}')).length === 0) throw new Error('it is empty')`;
        const output = await quietly('node', ['--input-type=module', '-e', program], { cwd: consumer });
        if (output !== '') throw new Error(`importing ${name} prints:\n${output}`);
      },
    ]),
  ),
  'a strict program compiles against it': compiles('nodenext', 'nodenext'),
  'a bundled program compiles against it': compiles('esnext', 'bundler'),
};

/** Checks the package as it would be published. Prints a line per check; throws nothing. */
export async function checkPackage(): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-package-'));
  const workplace = {
    packed: mkdtempSync(join(folder, 'packed-')),
    consumer: mkdtempSync(join(folder, 'consumer-')),
  };
  const counts: Counts[] = [];
  try {
    for (const [title, check] of Object.entries(checks))
      counts.push(await attempt(title, () => check(workplace)));
    counts.push(await checkOldNode(workplace));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return addCounts(counts);
}

async function attempt(title: string, check: () => Promise<void>): Promise<Counts> {
  try {
    await check();
    console.log(` ✓ ${title}`);
    return countCheck(true);
  } catch (error) {
    console.log(` ✗ ${title}\n${error instanceof Error ? error.message : error}`);
    return countCheck(false);
  }
}

function tarball(packed: string): string {
  const name = readdirSync(packed).find((file) => file.endsWith('.tgz'));
  if (name === undefined) throw new Error('there is no tarball');
  return join(packed, name);
}

/** With every declaration file checked: a type that comes from a package the user does not have is an error here. */
function compiles(module: string, moduleResolution: string): Check {
  return async ({ consumer }) => {
    copyFileSync(join(import.meta.dirname, 'package/consumer.ts'), join(consumer, 'consumer.ts'));
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2023',
      module,
      moduleResolution,
      types: ['node'],
    };
    writeFileSync(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
    );
    await quietly('tsc', ['-p', consumer], { cwd: consumer });
  };
}

/** The built package on a real Node that is too old: our error, and neither a crash nor a syntax error. */
async function checkOldNode({ consumer }: Workplace): Promise<Counts> {
  const folder = oldNode();
  if (folder === undefined) {
    console.log(' - an unsupported Node gets an error that says so: skipped, there is none on this machine');
    return skippedCheck;
  }
  return attempt('an unsupported Node gets an error that says so', async () => {
    for (const name of guarded) {
      const program = `import('${name}').catch((error) => { console.log(error.code); process.exitCode = 3 })`;
      const { code, output } = await finish(join(folder, 'node'), ['-e', program], {
        cwd: consumer,
        env: { PATH: folder },
      });
      if (code !== 3 || output.trim() !== 'UNSUPPORTED_NODE')
        throw new Error(`${name}: code ${code}, ${output}`);
    }
  });
}

if (import.meta.main) {
  const { passed, failed } = await checkPackage();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
