import { fileURLToPath } from 'node:url';
import type { Observable } from 'rxjs';
import { checkOptions } from '../dsl/options.ts';
import type { Duration } from '../dsl/windows/duration.ts';
import { milliseconds } from '../dsl/windows/duration.ts';
import { MillraceError } from '../errors.ts';
import { type Clock, systemClock } from './clock.ts';
import { type ConnectOptions, connectNames, connector, hasBrokers } from './connect.ts';
import { evictor } from './evictor.ts';
import { ProcessSupervisor } from './supervisor.ts';

export interface SuperviseOptions extends Omit<ConnectOptions, 'broker'> {
  /** The program of a worker, run by this Node with its options: a file that ends with `await app.run()`. Or `command`. */
  readonly file?: string | URL | undefined;
  /** Arguments for `file`. */
  readonly args?: readonly string[] | undefined;
  /** Another way to start a worker: a program and its arguments. */
  readonly command?: readonly [program: string, ...args: string[]] | undefined;
  /** How many processes. Each finds its number, from 0, in MILLRACE_WORKER; MILLRACE_INSTANCE_ID gets it appended. */
  readonly workers: number;
  /** Time workers have to stop before they are killed, default '15s': more than the stopTimeout of the application. */
  readonly stopTimeout?: Duration | undefined;
  /** A worker that has lived so long has begun well, default '30s': it is started again at once however often others died. */
  readonly steadyAfter?: Duration | undefined;
  /** After so many deaths of a worker in a row the supervisor gives up, default 5. */
  readonly mostDeaths?: number | undefined;
  /** Told what happens, line by line; default stderr. */
  readonly log?: ((line: string) => void) | undefined;
  /** For tests with virtual time. */
  readonly clock?: Clock | undefined;
}

/** What has happened to a worker. `evicted`: the supervisor has left the group for it. */
export interface SupervisorEvent {
  readonly kind: 'started' | 'joined' | 'died' | 'evicted' | 'notEvicted' | 'ended';
  readonly worker: number;
  readonly pid: number | undefined;
  /** The group it has joined or is out of, how it has ended, or why it could not be evicted. */
  readonly detail: string;
}

/** Worker processes that are kept running. */
export interface Supervisor extends AsyncDisposable {
  readonly events: Observable<SupervisorEvent>;
  /** Process ids of the workers that run, by number; undefined while one waits to be started again. */
  readonly pids: readonly (number | undefined)[];
  /** Starts the workers. Does not wait until they work: `events` tells. */
  start(): void;
  /** Sends a signal to all workers and waits until they have ended; those that take longer than stopTimeout are killed. */
  stop(signal?: 'SIGTERM' | 'SIGINT'): Promise<void>;
  /** Resolves when it was stopped, or all workers have ended by themselves with exit code 0. Rejects with WORKER_FAILED. */
  readonly ended: Promise<void>;
  /** start(), then until SIGINT or SIGTERM stops it: what a main file ends with. A second signal ends everything at once. */
  run(): Promise<void>;
}

const names: readonly (keyof SuperviseOptions)[] = [
  'file',
  'args',
  'command',
  'workers',
  'stopTimeout',
  'steadyAfter',
  'mostDeaths',
  'log',
  'clock',
  ...connectNames.filter((name) => name !== 'broker'),
];

/**
 * Runs several worker processes on one machine and starts those again that die: at once, then with growing pauses. It leaves
 * the group for a worker that has died, so that its tasks move in a second and not when its session is over; for that it needs
 * the brokers, as app() does. A worker that ends with exit code 0 is done and not started again.
 *
 * ```ts
 * const workers = supervise({ file: new URL('./shop.ts', import.meta.url), workers: 4, brokers: 'localhost:9092' });
 * await workers.run();
 * ```
 *
 * Errors: UNKNOWN_SETTING, INVALID_SETTING; later WORKER_FAILED.
 */
export function supervise(options: SuperviseOptions): Supervisor {
  checkOptions(options, names, 'supervise()', 'UNKNOWN_SETTING');
  const { workers, mostDeaths = 5, clock = systemClock } = options;
  checkCount('workers', workers);
  checkCount('mostDeaths', mostDeaths);
  const [command, ...args] = commandOf(options);
  const kafka = hasBrokers(options, process.env);
  return new ProcessSupervisor({
    command,
    args,
    workers,
    mostDeaths,
    stopTimeoutMs: milliseconds(options.stopTimeout ?? '15s', 'stopTimeout'),
    steadyAfterMs: milliseconds(options.steadyAfter ?? '30s', 'steadyAfter'),
    evictor: kafka ? evictor(connector(options, process.env, clock)) : undefined,
    log: options.log ?? ((line) => process.stderr.write(`${line}\n`)),
    clock,
  });
}

function commandOf({ file, args = [], command }: SuperviseOptions): readonly [string, ...string[]] {
  if ((file === undefined) === (command === undefined)) {
    throw invalid('file', 'either file or command', file === undefined ? 'neither' : 'both');
  }
  if (command !== undefined) return command;
  const path = file instanceof URL ? fileURLToPath(file) : file!;
  return [process.execPath, ...process.execArgv, path, ...args];
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw invalid(name, 'a whole number greater than 0', String(value));
}

function invalid(name: string, expected: string, found: string): MillraceError {
  return new MillraceError('INVALID_SETTING', `supervise() cannot use ${name}`, {
    expected,
    found,
    next: `Change ${name}.`,
  });
}
