import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { secrets } from './secrets.ts';

export interface CertificateOptions {
  /** '/O=millrace/CN=worker' */
  readonly subject: string;
  /** 'DNS:localhost,IP:127.0.0.1' */
  readonly names?: string;
  /** How long from now it is valid, default 2; negative: it has expired. */
  readonly days?: number;
  /** Signed by itself, not by the authority. */
  readonly selfSigned?: boolean;
}

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** Both in one file, as brokers take them. */
  readonly keystore: string;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

/** An authority made for one run of the tests: nothing that is kept can expire or be stolen. */
export class Authority {
  /** The certificate that clients and brokers are to trust. */
  readonly file: string;
  readonly #folder: string;
  readonly #key: string;

  constructor(folder: string, name = 'millrace tests') {
    this.#folder = folder;
    this.file = join(folder, `${name}.pem`);
    this.#key = join(folder, `${name}.key`);
    openssl(
      'req',
      '-x509',
      ...curve,
      '-nodes',
      '-keyout',
      this.#key,
      '-out',
      this.file,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  }

  issue(
    name: string,
    { subject, names, days = 2, selfSigned = false }: CertificateOptions,
  ): CertificateFiles {
    const file = (ending: string): string => join(this.#folder, `${name}.${ending}`);
    const [key, request, cert, extensions] = ['key', 'csr', 'pem', 'ext'].map(file) as [
      string,
      string,
      string,
      string,
    ];
    openssl('req', ...curve, '-nodes', '-keyout', key, '-out', request, '-subj', subject);
    writeFileSync(extensions, names === undefined ? '' : `subjectAltName=${names}\n`);
    const signer = selfSigned
      ? ['-signkey', key]
      : ['-CA', this.file, '-CAkey', this.#key, '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...signer,
      '-out',
      cert,
      '-days',
      `${days}`,
      '-extfile',
      extensions,
    );
    const keystore = file('keystore.pem');
    writeFileSync(keystore, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'));
    secrets.add(readFileSync(key, 'utf8').split('\n')[1]!);
    return { cert, key, keystore };
  }

  /** The same key behind a passphrase. */
  encrypted(key: string, passphrase: string): string {
    const file = `${key}.encrypted`;
    openssl('pkcs8', '-topk8', '-in', key, '-out', file, '-passout', `pass:${passphrase}`);
    return file;
  }
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
