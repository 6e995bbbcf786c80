import { MillraceError } from './errors.ts';

const [oldestMajor, oldestMinor] = [22, 18];

/**
 * Throws UNSUPPORTED_NODE where millrace cannot run. On an older Node better-sqlite3 does not fail, it crashes the
 * process, so this comes before it is loaded: the entry points import this file before any other.
 */
export function assertNodeVersion(version: string = process.versions.node): void {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new MillraceError('UNSUPPORTED_NODE', 'this version of Node.js cannot run millrace', {
    expected: `Node.js ${oldestMajor}.${oldestMinor} or newer`,
    found: `Node.js ${version} (${process.execPath})`,
    next: 'Install Node.js 24 from https://nodejs.org, or add the package "node" to your devDependencies and start with `npm run`.',
  });
}

assertNodeVersion();
