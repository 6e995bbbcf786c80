import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, text } from 'millrace';
import type { TopicNames } from '../topics.ts';
import type { Event } from './script.ts';

const raw = { key: text, value: text };
/** Who sends first when several have something to say at once. */
const topics = ['users', 'boards', 'orders', 'closes'] as const;

export interface Feed {
  readonly sent: number;
  /** Sends what is due until now, or at once what is due until `at`. */
  until(at: number): Promise<void>;
  /** Sends everything as its time comes. Time begins with this call. */
  run(signal: AbortSignal): Promise<void>;
}

/** Sends the events of the story at their times. */
export function feed(client: Client, names: TopicNames, events: readonly Event[]): Feed {
  let sent = 0;
  const until = async (at: number): Promise<void> => {
    const end = events.findIndex((event, index) => index >= sent && event.at > at);
    const due = events.slice(sent, end === -1 ? events.length : end);
    for (const topic of topics) {
      const records = due.filter((event) => event.topic === topic);
      if (records.length > 0) await client.send(names[topic], raw, records);
    }
    sent += due.length;
  };
  return {
    get sent() {
      return sent;
    },
    until,
    async run(signal) {
      const begun = performance.now();
      while (sent < events.length && !signal.aborted) {
        await until(performance.now() - begun);
        await sleep(20, undefined, { signal }).catch(() => {}); // the loop asks
      }
    },
  };
}
