import {
  type Codec,
  json,
  keyBy,
  type Sink,
  stream,
  sum,
  type TopicCodecs,
  text,
  to,
  tumbling,
  type WindowKey,
  window,
  windowed,
} from 'millrace';
import { z } from 'zod';

export interface Sale {
  readonly shop: string;
  readonly cents: number;
  /** ms since 1970. */
  readonly at: number;
}
const sale: Codec<Sale> = json(z.object({ shop: z.string(), cents: z.number().int(), at: z.number() }));

export const codecs: TopicCodecs<string, Sale> = { key: text, value: sale };
export const resultCodecs: TopicCodecs<WindowKey<string>, number> = {
  key: windowed(text, 60_000),
  value: json(),
};

/** Revenue of each shop per minute of event time; a sale may come up to 30 s after its minute has ended. */
export const revenue: Sink = stream('sales', { ...codecs, timestamp: ({ at }) => at }).pipe(
  keyBy(({ shop }) => shop),
  window(tumbling('1m', { grace: '30s' })),
  sum(({ cents }) => cents, 'revenue-per-minute'),
  to('revenue-per-minute'),
);
