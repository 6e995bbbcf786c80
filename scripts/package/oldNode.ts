import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Node on this machine that millrace does not support, if there is one: the folder it is in. */
export function oldNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  return folders.find((folder) => {
    const command = join(folder, 'node');
    if (!existsSync(command)) return false;
    const version = execFileSync(command, ['-p', 'process.versions.node'], { encoding: 'utf8', env: {} });
    return Number.parseInt(version, 10) < 22;
  });
}
