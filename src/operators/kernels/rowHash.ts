import { hash } from 'node:crypto';
import type { Headed } from '../../dsl/codecs/headed.ts';
import type { AnyCodec } from '../../dsl/node.ts';

/**
 * What a row of the left table asks of the right one. 'subscribe': to be told of the row now and whenever it changes;
 * 'subscribeQuietly': that there is none is no news. 'unsubscribe': not any more, to be told as if there were none;
 * 'leave': not any more, to be told nothing.
 */
export type Request = 'subscribe' | 'subscribeQuietly' | 'unsubscribe' | 'leave';

/** Who is to be told: the partition that the left row is in, and what the row was like when it asked. */
export type Subscriber = readonly [partition: number, hash: string | null];

/** Goes to the partition of the right key, with the left key as its body. */
export type Subscription = Headed<readonly [request: Request, ...Subscriber], unknown>;

/** Comes back to the left row, with the right row as its body. That there is none is news, unless it was asked quietly. */
export type Answer = Headed<readonly [...Subscriber, news: boolean], unknown>;

/** Tells whether a row is still what it was; null stands for no row. An answer to what it was before is not for it any more. */
export function rowHash(codec: AnyCodec): (row: unknown) => string | null {
  // 132 bits: as good as never the same for two rows.
  return (row) => (row === null ? null : hash('sha256', codec.encode(row), 'base64').slice(0, 22));
}
