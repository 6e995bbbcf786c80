import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { MillraceError } from '../../../errors.ts';

const fromFiles = ['ca', 'cert', 'key', 'pfx'] as const;

/**
 * The ssl setting as `tls.connect` takes it: texts that are no PEM are paths of files. They are read for every connection, so
 * that a certificate that is renewed on disk is used from the next one on. INVALID_SETTING names a file that cannot be read.
 */
export function tlsOptions(ssl: ConnectionOptions): ConnectionOptions {
  const options: Record<string, unknown> = { ...ssl };
  for (const name of fromFiles) {
    const given = ssl[name];
    if (given === undefined) continue;
    options[name] = Array.isArray(given) ? given.map((item) => contents(name, item)) : contents(name, given);
  }
  return options;
}

function contents(name: string, given: unknown): unknown {
  if (typeof given !== 'string' || given.includes('-----BEGIN')) return given;
  try {
    return readFileSync(given);
  } catch (cause) {
    // What was meant as the key itself is not to be seen in a message; the code says enough.
    const { code } = cause as { code?: string };
    throw new MillraceError('INVALID_SETTING', `the file of ssl.${name} cannot be read`, {
      expected: 'the path of a PEM file, or its contents, which begin with -----BEGIN',
      found: code === 'ENOENT' && looksLikePath(given) ? `no file ${given}` : (code ?? 'no file'),
      next: `Correct ssl.${name}, and check that this user may read the file.`,
    });
  }
}

function looksLikePath(text: string): boolean {
  return /^[\w./\\:~@ -]{1,200}\.(pem|crt|cer|key|p12|pfx)$/i.test(text);
}
