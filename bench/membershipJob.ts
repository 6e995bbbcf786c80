import { type App, type AppOptions, app, count, stream, text } from 'millrace';

/** What bench/membership.ts runs in each of its workers: counts by key, over eight partitions. */
export const partitions = 8;

export function membershipApp(id: string, options: Omit<AppOptions, 'sinks'>): App {
  const counts = stream(`${id}-in`, { key: text, value: text }).pipe(count('counts'));
  return app(id, { ...options, sinks: [counts] });
}
