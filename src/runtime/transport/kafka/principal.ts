import { X509Certificate } from 'node:crypto';
import { claimsOf } from './claimsOf.ts';
import type { KafkaConfig } from './kafkaConfig.ts';
import { tlsOptions } from './tlsOptions.ts';

/**
 * Whom the broker takes this client for, as ACLs write it: `User:alice`. As far as a client can know, for rules of the broker
 * (ssl.principal.mapping.rules, sasl.kerberos..., a claim other than `sub`) may turn it into another name.
 */
export class Principal {
  /** As it was given, but the tokens it resolves with are looked at. */
  readonly config: KafkaConfig;
  #ofToken: string | undefined;

  constructor(config: KafkaConfig) {
    const { sasl } = config;
    if (sasl?.mechanism !== 'oauthbearer') this.config = config;
    else {
      const token = async (): Promise<string> => {
        const value = await sasl.token();
        this.#ofToken = claimsOf(String(value)).sub;
        return value;
      };
      this.config = { ...config, sasl: { ...sasl, token } };
    }
  }

  get name(): string {
    const { ssl, sasl } = this.config;
    if (sasl?.mechanism === 'oauthbearer') return `User:${this.#ofToken ?? '(the subject of the token)'}`;
    if (sasl !== undefined) return `User:${sasl.username}`;
    if (typeof ssl === 'object') return `User:${subjectOfCertificate(tlsOptions(ssl)) ?? 'ANONYMOUS'}`;
    return 'User:ANONYMOUS';
  }
}

/** As Java writes a distinguished name (RFC 2253), the most specific part first: CN=worker,O=Example. */
function subjectOfCertificate({ cert, pfx }: { cert?: unknown; pfx?: unknown }): string | undefined {
  const own = Array.isArray(cert) ? cert[0] : cert;
  if (typeof own !== 'string' && !Buffer.isBuffer(own)) {
    return pfx === undefined ? undefined : '(the subject of the client certificate)';
  }
  return new X509Certificate(own).subject.split('\n').reverse().join(',');
}
