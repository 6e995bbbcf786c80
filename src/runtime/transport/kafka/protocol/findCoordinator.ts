import type { Request } from './request.ts';

export type CoordinatorKind = 'group' | 'transaction';

export interface Coordinator {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly node: number;
  readonly host: string;
  readonly port: number;
}

/** The broker that keeps a consumer group or the transactions of an id. */
export function findCoordinator(kind: CoordinatorKind, key: string): Request<Coordinator> {
  return {
    apiKey: 10,
    version: 4,
    flexible: true,
    body: (encoder) => {
      encoder
        .int8(kind === 'group' ? 0 : 1)
        .compactArray([key], (item) => encoder.compactString(item))
        .noTags();
    },
    parse: (decoder) => {
      decoder.int32(); // throttle time
      const [coordinator] = decoder.compactArray((item) => {
        item.compactString(); // the key
        const node = item.int32();
        const host = item.compactString();
        const port = item.int32();
        const errorCode = item.int16();
        const errorMessage = item.compactNullableString();
        item.tags();
        return { node, host, port, errorCode, errorMessage };
      });
      return (
        coordinator ?? {
          node: -1,
          host: '',
          port: -1,
          errorCode: -1,
          errorMessage: 'no coordinator in the answer',
        }
      );
    },
  };
}
