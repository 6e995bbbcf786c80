import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KafkaSasl } from '../../../../src/runtime/transport/kafka/kafkaConfig.ts';
import { Principal } from '../../../../src/runtime/transport/kafka/principal.ts';

const certificate = join(import.meta.dirname, 'certificates/broker.pem');
const brokers = ['localhost:9092'];
const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;

async function afterToken(token: string): Promise<string> {
  const principal = new Principal({ brokers, sasl: { mechanism: 'oauthbearer', token: async () => token } });
  const { sasl } = principal.config as { sasl: Extract<KafkaSasl, { mechanism: 'oauthbearer' }> };
  expect(await sasl.token()).toBe(token);
  return principal.name;
}

describe('Principal', () => {
  it('is the user of a password', () => {
    const sasl = { mechanism: 'plain', username: 'alice', password: 's3cret' } as const;
    expect(new Principal({ brokers, sasl }).name).toBe('User:alice');
  });

  it('is the subject of the last token, where it can be read', async () => {
    expect(await afterToken(jwt({ sub: 'alice' }))).toBe('User:alice');
    for (const token of ['opaque', 'a.b.c', jwt({ sub: 7 }), jwt([])]) {
      expect(await afterToken(token)).toBe('User:(the subject of the token)');
    }
  });

  it('is the subject of the client certificate as Java writes it, from its file or its contents', () => {
    for (const cert of [certificate, readFileSync(certificate)]) {
      expect(new Principal({ brokers, ssl: { cert } }).name).toBe('User:CN=localhost');
    }
  });

  it('is ANONYMOUS for who shows nothing', () => {
    expect(new Principal({ brokers }).name).toBe('User:ANONYMOUS');
    expect(new Principal({ brokers, ssl: true }).name).toBe('User:ANONYMOUS');
  });
});
