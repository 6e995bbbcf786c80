import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { KafkaConfig } from '../../../../src/runtime/transport/kafka/kafkaConfig.ts';
import { kafkajsBridge } from '../../../../src/runtime/transport/kafka/kafkajsBridge.ts';
import { api, ScriptedBroker } from './scriptedBroker.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const file = (name: string): Buffer => readFileSync(new URL(`certificates/${name}`, import.meta.url));
const serverTls = { cert: file('broker.pem'), key: file('broker.key') };
const authority = file('authority.pem');

/** API 18, version 0, correlation id 1, no client id. */
const apiVersionsRequest = Buffer.from('0000000a0012000000000001ffff', 'hex');

async function broker(tls?: typeof serverTls): Promise<ScriptedBroker> {
  const started = await ScriptedBroker.start(tls);
  closing.push(() => started.stop());
  return started;
}

async function open(
  to: ScriptedBroker,
  config: Partial<KafkaConfig> = {},
  host = '127.0.0.1',
): Promise<void> {
  const bridge = kafkajsBridge({ brokers: [], ...config });
  const { socket } = await bridge.openSocket({ host, port: to.port }, new AbortController().signal);
  socket.destroy();
}

describe('kafkajsBridge', () => {
  it('hands over a socket with the versions the broker speaks, on which nobody else listens', async () => {
    const one = await broker();
    const bridge = kafkajsBridge({ brokers: [] });
    const to = { host: '127.0.0.1', port: one.port };
    const { socket, versions, sessionLifetimeMs } = await bridge.openSocket(to, new AbortController().signal);
    closing.push(() => socket.destroy());
    expect(versions.get(24)).toEqual({ min: 0, max: 4 });
    expect(sessionLifetimeMs).toBe(0);
    expect(socket.listenerCount('data')).toBe(0);
  });

  it.each([
    ['TCP', undefined],
    ['TLS', serverTls],
  ])('reads into one piece of memory, over %s too', async (_, tls) => {
    const one = await broker(tls);
    const bridge = kafkajsBridge({ brokers: [], ...(tls !== undefined && { ssl: { ca: authority } }) });
    const to = { host: '127.0.0.1', port: one.port };
    const { socket } = await bridge.openSocket(to, new AbortController().signal);
    closing.push(() => socket.destroy());
    const chunks: Buffer[] = [];
    for (let read = 0; read < 3; read++) {
      const chunk = new Promise<Buffer>((resolve) => socket.once('data', resolve));
      socket.resume();
      socket.write(apiVersionsRequest);
      chunks.push(await chunk);
    }
    expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(1);
    expect(chunks.map(({ byteOffset }) => byteOffset)).toEqual([0, 0, 0]);
  });

  it('connects by TLS to a broker whose authority it trusts', async () => {
    const one = await broker(serverTls);
    await open(one, { ssl: { ca: authority } });
    await open(one, { ssl: { ca: authority } }, 'localhost');
  });

  it('refuses a broker whose authority it does not know', async () => {
    const error = await open(await broker(serverTls), { ssl: true }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NOT_AUTHENTICATED' });
    expect(String(error)).toContain('TLS with broker 127.0.0.1:');
    expect(String(error)).toMatch(/Found: (UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET)/);
  });

  it('refuses a broker whose certificate is for another host', async () => {
    const ssl = { ca: authority, servername: 'elsewhere.example' };
    const error = await open(await broker(serverTls), { ssl }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NOT_AUTHENTICATED' });
    expect(String(error)).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('says what to look at when one side speaks TLS and the other does not', async () => {
    const [plain, secret] = [await broker(), await broker(serverTls)];
    const plainToSecret = await open(secret).catch((reason: unknown) => reason);
    expect(plainToSecret).toMatchObject({ code: 'BROKER_UNREACHABLE', mayHaveArrived: false });
    expect(String(plainToSecret)).toContain('whether it expects TLS');
    const secretToPlain = await open(plain, { ssl: true }).catch((reason: unknown) => reason);
    expect(secretToPlain).toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(String(secretToPlain)).toContain('this port speaks TLS');
  });

  it('gives up when it is told to, and leaves no socket behind', async () => {
    const one = await broker();
    one.scripts.set(api.apiVersions, () => 'silence');
    const controller = new AbortController();
    const bridge = kafkajsBridge({ brokers: [] });
    const opened = bridge.openSocket({ host: '127.0.0.1', port: one.port }, controller.signal);
    await expect.poll(() => one.sockets.size).toBe(1);
    controller.abort(new Error('enough'));
    await expect(opened).rejects.toMatchObject({ details: { cause: { message: 'enough' } } });
    await expect.poll(() => one.sockets.size).toBe(0);
  });

  it('accepts the kafkajs that is installed', async () => {
    await kafkajsBridge({ brokers: [] }).check();
  });

  it.each([
    ['another version', 'version', 'kafkajs 2.2.4', 'kafkajs 2.3.0'],
    [
      'no cluster for assigners',
      'noCluster',
      'partition assigners that are called with the cluster',
      'no call',
    ],
    ['no createBroker', 'noCreateBroker', 'cluster.brokerPool.createBroker, a function', 'undefined'],
    ['another queue', 'otherQueue', 'requestQueue.scheduleCheckPendingRequests, a function', 'undefined'],
  ])('refuses a kafkajs with %s, naming what it expected and found', async (_, variant, expected, found) => {
    const { stdout } = await child('otherKafkajs.child.ts', variant);
    const error = JSON.parse(stdout) as { code: string; message: string };
    expect(error.code).toBe('UNSUPPORTED_CLIENT');
    expect(error.message).toContain(`Expected: ${expected}`);
    expect(error.message).toContain(found);
    expect(error.message).toContain('npm install kafkajs@2.2.4');
  });

  it('prints nothing: no log line of kafkajs, no warning of Node', async () => {
    const one = await broker();
    const { stdout, stderr } = await child('quiet.child.ts', one.address);
    expect([stdout.trim(), stderr]).toEqual(['done', '']);
  });

  it('is what keeps Node quiet: kafkajs alone makes it warn', async () => {
    const one = await broker();
    const { stderr } = await child('loud.child.ts', one.address);
    expect(stderr).toContain('TimeoutNegativeWarning');
  });
});

function child(name: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const script = fileURLToPath(new URL(`children/${name}`, import.meta.url));
  const { NODE_OPTIONS: _, ...env } = process.env;
  return promisify(execFile)(process.execPath, [script, ...args], {
    env: { ...env, KAFKAJS_LOG_LEVEL: 'DEBUG' },
  });
}
