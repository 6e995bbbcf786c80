import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Only root may mount a small disk; without one tests of full disks cannot run. */
export function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = '/tmp/millrace-mount-probe';
  try {
    execFileSync('sh', ['-c', `mkdir -p ${folder} && mount -t tmpfs none ${folder} && umount ${folder}`], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts a disk of this size at a folder, until the test is over. */
export function mountSmallDisk(folder: string, megabytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'millrace-test', folder], {
    stdio: 'ignore',
  });
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
}

/** Takes up the rest of the disk; gives what frees it again. */
export function occupy(folder: string): () => void {
  const path = join(folder, 'ballast');
  for (const size of [1 << 20, 1 << 12]) {
    try {
      for (let i = 0; ; i++) writeFileSync(`${path}-${size}-${i}`, Buffer.alloc(size));
    } catch {
      // Full: that was the aim.
    }
  }
  return () => execFileSync('sh', ['-c', `rm ${path}-*`]);
}
