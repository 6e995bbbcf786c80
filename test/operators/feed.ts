import { drive } from 'millrace/testing';

/** What a record is in these tests; times are 0 where they do not matter. */
export type Short = readonly [key: unknown, value: unknown, timestamp?: number];

/** Sends records to a topic and gives what reached another, as [key, value, timestamp]. */
export function feed(
  driver: ReturnType<typeof drive>,
  topic: string,
  records: readonly Short[],
  out = 'out',
): unknown[] {
  for (const [key, value, timestamp = 0] of records) driver.send(topic, { key, value, timestamp });
  return taken(driver, out);
}

export function taken(driver: ReturnType<typeof drive>, out = 'out'): unknown[] {
  return driver.read(out).map(({ key, value, timestamp }) => [key, value, timestamp]);
}

/** Runs a topology that reads 'in' and writes 'out' once. */
export function run(end: Parameters<typeof drive>[0][number], records: readonly Short[]): unknown[] {
  const driver = drive([end]);
  const results = feed(driver, 'in', records);
  driver.close();
  return results;
}
