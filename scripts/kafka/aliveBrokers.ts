import { connect } from 'node:net';

const metadataKey = 3;
const metadataVersion = 1;

/** The ids of the brokers that the one at this port knows to be alive; none while it does not answer or has no controller. */
export function aliveBrokers(port: number): Promise<number[]> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const done = (ids: number[]): void => {
      socket.destroy();
      resolve(ids);
    };
    socket.setTimeout(2000, () => done([]));
    socket.once('error', () => done([]));
    socket.once('close', () => done([]));
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const received = Buffer.concat(chunks);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) done(brokerIds(received));
    });
  });
}

/** Size, key, version, correlation id, no client id, an empty list of topics. */
function metadataRequest(): Buffer {
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 4);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(metadataKey, 4);
  request.writeInt16BE(metadataVersion, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(-1, 12);
  request.writeInt32BE(0, 14);
  return request;
}

/** Size, correlation id, then brokers of id, host, port, rack, then the controller's id. */
function brokerIds(response: Buffer): number[] {
  const ids: number[] = [];
  const count = response.readInt32BE(8);
  let position = 12;
  for (let index = 0; index < count; index++) {
    ids.push(response.readInt32BE(position));
    position += 4;
    position += 2 + response.readInt16BE(position);
    position += 4;
    position += 2 + Math.max(0, response.readInt16BE(position));
  }
  const controller = response.readInt32BE(position);
  return controller >= 0 ? ids : [];
}
