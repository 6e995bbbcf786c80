import { drive } from 'millrace/testing';
import type { Outcome } from '../../../examples/modong/demo/outcome.ts';
import { dongDayKey } from '../../../examples/modong/demo/outcome.ts';
import type { Event } from '../../../examples/modong/demo/script.ts';
import type { ChatRoom, DongDay, LateOrder, Reject } from '../../../examples/modong/domain/results.ts';
import { type ModongOptions, modong } from '../../../examples/modong/job.ts';
import { topicNames } from '../../../examples/modong/topics.ts';
import type { WindowKey } from '../../../src/index.ts';

const topics = topicNames('');

/** Runs events through the job on one partition, each at its time, and lets the last grace pass. */
export function driveEvents(
  events: readonly Event[],
  grace: number,
  options: Omit<ModongOptions, 'grace' | 'prefix'> = {},
  between: (driver: ReturnType<typeof drive>, index: number) => void = () => {},
): Outcome {
  const driver = drive(modong({ ...options, grace }));
  let now = 0;
  const until = (at: number): void => {
    driver.advance(at - now);
    now = at;
  };
  // Everything that is due has a moment of its own.
  const due = events.map(({ at }) => at + grace);
  const moments = [...new Set([...events.map(({ at }) => at), ...due])].sort((a, b) => a - b);
  let next = 0;
  for (const moment of moments) {
    until(moment);
    for (; events[next]?.at === moment; next++) {
      const { topic, key, value, timestamp } = events[next]!;
      driver.sendRaw(topics[topic], { key, value, timestamp });
      between(driver, next);
    }
  }
  until(now + 1);
  driver.commit();
  const values = <T>(topic: string): T[] => driver.read(topic).map(({ value }) => value as T);
  const dongDaily = new Map(
    driver.read(topics.dongDaily).map(({ key, value }) => {
      const { key: dong, start } = key as WindowKey<string>;
      return [dongDayKey(dong, start), value as DongDay];
    }),
  );
  return {
    rooms: values<ChatRoom>(topics.rooms),
    lateOrders: values<LateOrder>(topics.lateOrders),
    rejects: values<Reject>(topics.rejects),
    deadCloses: values(topics.deadCloses).length,
    deadOrders: values(topics.deadOrders).length,
    dongDaily,
  };
}
