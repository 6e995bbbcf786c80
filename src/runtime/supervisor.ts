import { randomInt } from 'node:crypto';
import { type Observable, Subject } from 'rxjs';
import { MillraceError } from '../errors.ts';
import { asMillraceError } from './asMillraceError.ts';
import type { Clock } from './clock.ts';
import type { Evictor } from './evictor.ts';
import type { Supervisor, SupervisorEvent } from './supervise.ts';
import { supervisedName, workerName } from './supervision.ts';
import { WorkerProcess } from './workerProcess.ts';

export interface SupervisorParts {
  readonly command: string;
  readonly args: readonly string[];
  readonly workers: number;
  readonly mostDeaths: number;
  readonly stopTimeoutMs: number;
  readonly steadyAfterMs: number;
  /** undefined: no brokers are known, so nobody can leave for the dead. */
  readonly evictor: Evictor | undefined;
  readonly log: (line: string) => void;
  readonly clock: Clock;
}

/** ms before a worker that has died is started again: the first time, and at most. */
const firstPause = 100;
const longestPause = 10_000;

/** One of the workers, over the processes that are it one after the other. */
interface Place {
  readonly number: number;
  process: WorkerProcess | undefined;
  startedAt: number;
  /** In a row. */
  deaths: number;
  cancelRestart: () => void;
  done: boolean;
}

export class ProcessSupervisor implements Supervisor {
  readonly ended: Promise<void>;
  readonly #parts: SupervisorParts;
  readonly #places: readonly Place[];
  readonly #events = new Subject<SupervisorEvent>();
  readonly #end = Promise.withResolvers<void>();
  readonly #evicting = new Set<Promise<void>>();
  #stopping: Promise<void> | undefined;
  #failure: MillraceError | undefined;
  /** Called when the last process has ended. */
  #allEnded = (): void => {};

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.ended = this.#end.promise;
    this.ended.catch(() => {}); // told to whoever awaits it
    this.#places = Array.from({ length: parts.workers }, (_, number) => ({
      number,
      process: undefined,
      startedAt: 0,
      deaths: 0,
      cancelRestart: () => {},
      done: false,
    }));
  }

  get events(): Observable<SupervisorEvent> {
    return this.#events.asObservable();
  }

  get pids(): readonly (number | undefined)[] {
    return this.#places.map(({ process: one }) => one?.pid);
  }

  start(): void {
    if (this.#parts.evictor === undefined) {
      this.#parts.log(
        'supervisor: no brokers are set, so the tasks of a worker that dies wait for its session to end',
      );
    }
    for (const place of this.#places) this.#start(place);
  }

  #start(place: Place): void {
    const { command, args, clock, evictor } = this.#parts;
    place.startedAt = clock.monotonic();
    const started = new WorkerProcess({
      command,
      args,
      environment: environmentOf(place.number),
      onJoined: ({ group }) => {
        evictor?.prepare();
        this.#tell('joined', place, group);
      },
      onEnded: (how, wellDone) => this.#ended(place, started, how, wellDone),
    });
    place.process = started;
    if (started.pid !== undefined) this.#tell('started', place, command);
  }

  #ended(place: Place, ended: WorkerProcess, how: string, wellDone: boolean): void {
    const { clock, steadyAfterMs, mostDeaths } = this.#parts;
    const asked = this.#stopping !== undefined;
    this.#tell(wellDone ? 'ended' : 'died', place, how);
    place.process = undefined;
    place.done = wellDone || asked;
    if (!wellDone) {
      const steady = clock.monotonic() - place.startedAt >= steadyAfterMs;
      place.deaths = steady ? 1 : place.deaths + 1;
      const givesUp = !asked && place.deaths >= mostDeaths;
      this.#evict(place, ended, givesUp);
      if (givesUp) this.#giveUp(place, how);
      else if (!asked) place.cancelRestart = clock.after(pauseAfter(place.deaths), () => this.#start(place));
    }
    if (this.#places.some((one) => one.process !== undefined)) return;
    this.#allEnded();
    if (this.#places.every(({ done }) => done)) void this.stop();
  }

  /** A static member is waited for, unless it is not started again: its tasks would move away and back. */
  #evict(place: Place, { joined, pid }: WorkerProcess, forGood: boolean): void {
    const { evictor } = this.#parts;
    if (evictor === undefined) return;
    for (const one of joined.values()) {
      if (one.instanceId !== undefined && !forGood) continue;
      const evicted = evictor.evict(one).then(
        () => this.#tell('evicted', place, one.group, pid),
        (error: unknown) =>
          this.#tell('notEvicted', place, asMillraceError(error, 'The supervisor').message, pid),
      );
      this.#evicting.add(evicted);
      void evicted.finally(() => this.#evicting.delete(evicted));
    }
  }

  #giveUp({ number, deaths }: Place, how: string): void {
    this.#failure ??= new MillraceError(
      'WORKER_FAILED',
      `worker ${number} has died ${deaths} times in a row`,
      {
        found: how,
        next: 'Read what it has written before it ended, and correct that; the other workers were stopped.',
      },
    );
    void this.stop();
  }

  stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<void> {
    this.#stopping ??= this.#stop(signal);
    return this.#stopping;
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    const { clock, stopTimeoutMs, evictor } = this.#parts;
    await undefined; // whoever asks sees first that it is being stopped
    for (const place of this.#places) place.cancelRestart();
    const living = this.#places.filter(({ process: one }) => one !== undefined);
    if (living.length > 0) {
      const allEnded = new Promise<void>((resolve) => {
        this.#allEnded = resolve;
      });
      const cancel = clock.after(stopTimeoutMs, () => this.#kill());
      for (const { process: one } of living) one?.kill(signal);
      await allEnded;
      cancel();
    }
    await Promise.all(this.#evicting);
    await evictor?.close();
    this.#events.complete();
    if (this.#failure === undefined) this.#end.resolve();
    else this.#end.reject(this.#failure);
  }

  #kill(): void {
    for (const { process: one } of this.#places) one?.kill('SIGKILL');
  }

  async run(): Promise<void> {
    const onSignal = (signal: NodeJS.Signals): void => {
      if (this.#stopping !== undefined) {
        this.#kill();
        process.exit(130);
      }
      void this.stop(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    try {
      this.start();
      await this.ended;
    } finally {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    }
  }

  #tell(kind: SupervisorEvent['kind'], place: Place, detail: string, pid = place.process?.pid): void {
    this.#parts.log(`supervisor: worker ${place.number} (${pid ?? 'no process'}): ${kind}, ${detail}`);
    this.#events.next({ kind, worker: place.number, pid, detail });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** 100 ms, 200, ... 10 s, each drawn from its upper half. */
function pauseAfter(deaths: number): number {
  const pause = Math.min(longestPause, firstPause * 2 ** (deaths - 1));
  return pause / 2 + randomInt(pause / 2);
}

function environmentOf(number: number): NodeJS.ProcessEnv {
  const { MILLRACE_INSTANCE_ID: instance } = process.env;
  return {
    ...process.env,
    [supervisedName]: 'yes',
    [workerName]: `${number}`,
    ...(instance !== undefined && { MILLRACE_INSTANCE_ID: `${instance}-${number}` }),
  };
}
