import type { App } from './app.ts';
import type { Clock } from './clock.ts';
import { report } from './report.ts';
import { onSupervisorGone } from './supervision.ts';

/** Starts, and stops at SIGINT, SIGTERM or when the supervisor is gone; a second signal exits at once. Tells on stderr. */
export async function runUntilSignal(app: App, clock: Clock): Promise<void> {
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    app.stop().catch(() => {}); // `closed` tells
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const alone = onSupervisorGone(onSignal);
  const silence = report(app, clock, (line) => process.stderr.write(`${line}\n`));
  try {
    await app.start();
    await app.closed;
  } finally {
    silence();
    alone();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
