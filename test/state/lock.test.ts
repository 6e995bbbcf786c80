import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockFolder } from '../../src/state/lock.ts';
import { temporaryFolder } from './temporaryFolder.ts';

async function holder(folder: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'lock.child.ts');
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}

describe('lockFolder', { timeout: 30_000 }, () => {
  it('F14: refuses a second owner in the same process, until the first lets go', () => {
    const folder = temporaryFolder();
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'STATE_LOCKED' }));
    expect(() => lockFolder(folder)).toThrow(`process ${process.pid}`);
    lock.release();
    lock.release();
    lockFolder(folder).release();
  });

  it('keeps its hold when a second owner was refused', () => {
    const folder = temporaryFolder();
    const lock = lockFolder(folder);
    for (let i = 0; i < 3; i++) expect(() => lockFolder(folder)).toThrow(/STATE_LOCKED/);
    lock.release();
  });

  it('F14: refuses a second process at once, naming the first and the folder, and is free when that is killed', async () => {
    const folder = temporaryFolder();
    const child = await holder(folder);
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'STATE_LOCKED' }));
    expect(() => lockFolder(folder)).toThrow(`process ${child.pid}`);
    expect(() => lockFolder(folder)).toThrow(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = lockFolder(folder);
    await expect(refusedInChild(folder)).resolves.toContain('STATE_LOCKED');
    lock.release();
    const next = await holder(folder);
    next.kill('SIGKILL');
  });

  it('leaves nothing on disk but an empty file and the id of its holder', () => {
    const folder = temporaryFolder();
    lockFolder(folder);
    expect(statSync(join(folder, 'lock.db')).size).toBe(0);
  });

  it('says what is wrong with a folder that is not there and a lock that is no database', () => {
    expect(() => lockFolder(join(temporaryFolder(), 'absent'))).toThrow(
      expect.objectContaining({ code: 'STATE_UNWRITABLE' }),
    );
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock.db'), 'x'.repeat(5000));
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
  });

  it.runIf(process.getuid?.() !== 0)('refuses a lock file that may not be written', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock.db'), '');
    chmodSync(join(folder, 'lock.db'), 0o400);
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'STATE_UNWRITABLE' }));
  });
});

async function refusedInChild(folder: string): Promise<string> {
  const script = join(import.meta.dirname, 'lock.child.ts');
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr!.on('data', (chunk) => {
    said += chunk;
  });
  await once(child, 'close');
  return said;
}
