import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokers } from './brokers.ts';

const root = join(import.meta.dirname, '../..');

/** What has a binary cannot be in a bundle; everything else is, kafkajs above all. */
const external = ['better-sqlite3', 'lz4-napi', '@node-rs/crc32'];

describe('an application in a bundle', () => {
  let folder: string;

  beforeAll(() => {
    // In the project, so that what is external is found.
    const parent = join(root, '.kafka/bundles');
    mkdirSync(parent, { recursive: true });
    folder = mkdtempSync(join(parent, 'bundle-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([false, true])('runs on a broker, and says nothing on stderr; minified: %s', async (minify) => {
    const file = join(folder, `program-${minify}.js`);
    const bundle = await rolldown({
      input: join(import.meta.dirname, 'bundled.program.ts'),
      platform: 'node',
      external,
      resolve: { conditionNames: ['millrace:source', 'node', 'import'] },
    });
    const { output } = await bundle.write({ file, format: 'esm', minify, codeSplitting: false });
    await bundle.close();
    const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
    expect(modules.some((id) => id.includes('node_modules/kafkajs/'))).toBe(true);
    const prefix = `bundled-${process.pid}-${minify}-`;
    const { NODE_OPTIONS: _, ...env } = process.env;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [file, brokers.join(','), prefix, join(folder, `state-${minify}`)],
      { env, timeout: 60_000 },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ seen: { 'word-a': 2, 'word-b': 1 }, code: 'BROKER_UNREACHABLE' });
  });
});
