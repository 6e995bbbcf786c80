import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tlsOptions } from '../../../../src/runtime/transport/kafka/tlsOptions.ts';
import { tempFolder } from '../../../kit/tempFolder.ts';

const authority = join(import.meta.dirname, 'certificates/authority.pem');

describe('tlsOptions', () => {
  it('reads what is given as paths, and leaves PEM, bytes and other options as they are', () => {
    const pem = readFileSync(authority, 'utf8');
    const options = tlsOptions({ ca: [authority, pem], cert: Buffer.from(pem), servername: 'kafka' });
    expect(options.ca).toEqual([Buffer.from(pem), pem]);
    expect(options.cert).toEqual(Buffer.from(pem));
    expect(options.servername).toBe('kafka');
    expect(options).not.toHaveProperty('key');
  });

  it('reads again each time, so that a renewed certificate is used', () => {
    const file = join(tempFolder(), 'own.pem');
    copyFileSync(authority, file);
    expect(tlsOptions({ cert: file }).cert).toEqual(readFileSync(authority));
    writeFileSync(file, 'renewed');
    expect(tlsOptions({ cert: file }).cert).toEqual(Buffer.from('renewed'));
  });

  it('names the setting and the path of a file that is not there, and never what may be the key itself', () => {
    expect(() => tlsOptions({ ca: '/nowhere/ca.pem' })).toThrow('no file /nowhere/ca.pem');
    expect(() => tlsOptions({ key: 'MIGHAgEAMBMGByqGSM49' })).toThrow('the file of ssl.key cannot be read');
    expect(() => tlsOptions({ key: 'MIGHAgEAMBMGByqGSM49' })).not.toThrow('MIGHAgEAMBMGByqGSM49');
  });
});
