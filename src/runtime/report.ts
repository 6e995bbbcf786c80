import type { App } from './app.ts';
import type { Clock } from './clock.ts';
import type { RestoreProgress } from './restoreState.ts';

/** ms between two lines about the same thing. */
const every = 1_000;

/**
 * Tells a person at a terminal, or a container's log, what the application is doing: every change of state, and how far a
 * restore that takes over a second has come. Gives the function that ends it.
 */
export function report(app: App, clock: Clock, write: (line: string) => void): () => void {
  const tasks = new Map<string, RestoreProgress>();
  let begun = clock.monotonic();
  let last = begun;
  const states = app.states.subscribe((state) => {
    if (state === 'restoring') {
      tasks.clear();
      begun = clock.monotonic();
      last = begun;
    }
    if (state !== 'created') write(`${app.id}: ${state}`);
  });
  const warnings = app.warnings.subscribe(({ message }) => write(`${app.id}: warning: ${message}`));
  const restores = app.restores.subscribe((progress) => {
    tasks.set(progress.task, progress);
    const now = clock.monotonic();
    if (now - last < every) return;
    last = now;
    write(`${app.id}: ${restoreLine([...tasks.values()], now - begun)}`);
  });
  return () => {
    states.unsubscribe();
    restores.unsubscribe();
    warnings.unsubscribe();
  };
}

/** restoring 45 % (450,000 of 1,000,000 records, 52.4 MB, 120,000/s, 5 s left) */
export function restoreLine(tasks: readonly RestoreProgress[], elapsedMs: number): string {
  const restored = tasks.reduce((sum, task) => sum + task.restored, 0);
  const total = tasks.reduce((sum, task) => sum + task.total, 0);
  const rate = elapsedMs > 0 ? (restored / elapsedMs) * 1_000 : 0;
  const percent = total === 0 ? 100 : Math.floor((restored / total) * 100);
  const left = rate > 0 ? `, ${Math.ceil((total - restored) / rate)} s left` : '';
  const megabytes = (tasks.reduce((sum, task) => sum + task.bytes, 0) / 1e6).toFixed(1);
  return `restoring ${percent} % (${count(restored)} of ${count(total)} records, ${megabytes} MB, ${count(rate)}/s${left})`;
}

const count = (value: number): string => Math.round(value).toLocaleString('en');
