import { MillraceError } from '../../../errors.ts';
import { redacted } from './redacted.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[v6 address]:port`. */
export function parseAddress(broker: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]/@]+)):(\d{1,5})$/.exec(String(broker).trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port > 0 && port < 65_536) return { host, port };
  throw new MillraceError('INVALID_SETTING', 'a broker address cannot be read', {
    expected: 'host:port, or [address]:port for IPv6',
    found: JSON.stringify(redacted(String(broker))),
    next: 'Correct the brokers setting, for example localhost:9092.',
  });
}
