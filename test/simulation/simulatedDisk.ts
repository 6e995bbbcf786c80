import { MillraceError } from '../../src/errors.ts';
import type { Disk, Held } from '../../src/runtime/disk.ts';
import type { Backend, Writer } from '../../src/state/backend.ts';
import { memoryBackend } from '../../src/state/memory.ts';
import { journaledBackend, type Transaction } from './journaledBackend.ts';

/** What is asked before each transaction is written: 'crash-before' and 'crash-after' end the process that writes. */
export type WriteFault = 'crash-before' | 'crash-after' | undefined;

/**
 * The disk of one machine, in memory. A database is the list of its transactions: what power loss leaves of it, and what an
 * older copy holds, is a shorter list. A process that was killed writes nothing more.
 */
export class SimulatedDisk implements Disk {
  isFull = false;
  readonly #databases = new Map<string, Transaction[]>();
  #holders = new Map<string, symbol>();
  readonly #onWrite: () => WriteFault;
  readonly #onCrash: () => void;

  readonly #name: string;

  constructor(name: string, onWrite: () => WriteFault, onCrash: () => void) {
    this.#name = name;
    this.#onWrite = onWrite;
    this.#onCrash = onCrash;
  }

  place(): string {
    return this.#name;
  }

  tasks(): readonly string[] {
    return [...this.#databases.keys()];
  }

  peek(_application: string, task: string): ReadonlyMap<string, string> | undefined {
    const database = this.#databases.get(task);
    return database && replayed(database).readMeta();
  }

  hold(_application: string, task: string): Held {
    if (this.#holders.has(task)) throw locked(task);
    const holder = Symbol(task);
    this.#holders.set(task, holder);
    const isHeld = (): boolean => this.#holders.get(task) === holder;
    return {
      path: task,
      open: () => this.#open(task, isHeld),
      setAside: () => {
        this.#databases.delete(task);
        return `${task}/damaged`;
      },
      release: () => {
        if (isHeld()) this.#holders.delete(task);
      },
    };
  }

  #open(task: string, isHeld: () => boolean): Backend {
    const database = this.#databases.get(task) ?? [];
    this.#databases.set(task, database);
    return journaledBackend(replayed(database), (transaction, apply) => {
      if (!isHeld()) throw gone();
      if (this.isFull) throw full(task);
      const fault = this.#onWrite();
      if (fault !== 'crash-before') {
        database.push(transaction);
        apply();
      }
      if (fault === undefined) return;
      this.#onCrash();
      throw gone();
    });
  }

  /** The process that held its places is gone. */
  killed(): void {
    this.#holders = new Map();
  }

  /** Power loss takes the newest transactions, of each database another number up to `most`. */
  tear(most: number, random: () => number): void {
    for (const database of this.#databases.values())
      database.length = Math.max(0, database.length - Math.floor(random() * (most + 1)));
  }

  /** Deletes what is there, of each task with the same chance. */
  lose(random: () => number): void {
    for (const task of [...this.#databases.keys()]) if (random() < 0.6) this.#databases.delete(task);
  }

  /** Puts older copies in the place of what is there, those of another machine where it has any. */
  restoreFrom(other: SimulatedDisk, random: () => number): void {
    for (const task of new Set([...this.#databases.keys(), ...other.#databases.keys()])) {
      const copied = (other.#databases.get(task) ?? this.#databases.get(task))!;
      this.#databases.set(task, copied.slice(0, Math.floor(random() * (copied.length + 1))));
    }
  }
}

function replayed(database: readonly Transaction[]): Backend {
  const backend = memoryBackend();
  for (const transaction of database)
    backend.transaction((write: Writer) => {
      for (const change of transaction) change(backend, write);
    });
  return backend;
}

const locked = (task: string): MillraceError =>
  new MillraceError('STATE_LOCKED', 'somebody has this place', { path: task, next: 'Wait.' });
const full = (task: string): MillraceError =>
  new MillraceError('DISK_FULL', 'the disk is full', { path: task, next: 'Make room.' });
const gone = (): MillraceError =>
  new MillraceError('TRANSPORT_CLOSED', 'the process that writes is gone', { next: 'Nothing.' });
