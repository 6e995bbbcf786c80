import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Address } from './address.ts';
import type { KafkaConfig } from './kafkaConfig.ts';
import { tlsOptions } from './tlsOptions.ts';

/** ms for one address of a host name that has several; Node's own 250 are too few for a broker on another continent. */
const perAddressMs = 1000;

/** What one read takes in at most: as much as Node's own buffers, of which it would make a new one for each read. */
const readBytes = 64 * 1024;

/** A socket on its way to a broker, and what has been seen of the other side. */
export interface Dialled {
  readonly socket: Socket;
  /** From now on what 'data' hands out is overwritten by the next read, so that no read costs memory. */
  readonly reuseBuffer: () => void;
  /** The other side hung up. */
  readonly hasEnded: () => boolean;
  /** What was sent without TLS was answered with it: this is a port for TLS. */
  readonly expectsTls: () => boolean;
}

export function dial(config: KafkaConfig, to: Address, onConnect: () => void): Dialled {
  const { ssl } = config;
  const withTls = ssl !== undefined && ssl !== false;
  const servername = isIP(to.host) === 0 ? { servername: to.host } : {};
  let reused = false;
  const onread = {
    buffer: Buffer.allocUnsafeSlow(readBytes),
    callback: (bytes: number, buffer: Uint8Array): boolean => {
      const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes);
      return socket.emit('data', reused ? chunk : Buffer.from(chunk));
    },
  };
  const tcp = { ...to, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: perAddressMs, onread };
  const socket: Socket = withTls
    ? connectTls({ ...servername, ...(ssl === true ? {} : tlsOptions(ssl)), ...tcp }, onConnect)
    : connectTcp(tcp, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  let hasEnded = false;
  let expectsTls = false;
  for (const event of ['end', 'close']) socket.once(event, () => (hasEnded = true));
  if (!withTls) socket.once('data', (chunk: Buffer) => (expectsTls = isTlsAlert(chunk)));
  const reuseBuffer = () => {
    reused = true;
  };
  return { socket, reuseBuffer, hasEnded: () => hasEnded, expectsTls: () => expectsTls };
}

/** Read as the length of a response, as Kafka's protocol would have it, it is 352 MB. */
function isTlsAlert(chunk: Buffer): boolean {
  return chunk.length >= 3 && chunk[0] === 0x15 && chunk[1] === 0x03 && chunk[2]! <= 0x04;
}
