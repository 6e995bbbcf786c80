import { type Message, MillraceError, type WindowKey } from 'millrace';
import { type Driver, type DriverRecord, drive } from 'millrace/testing';
import { describeCase } from './describeCase.ts';
import type {
  AnyKey,
  Case,
  CaseError,
  CaseInput,
  CaseRecord,
  Literal,
  Output,
  Outputs,
  StoreEntry,
} from './format.ts';
import { NotSupported } from './notSupported.ts';
import { plainStore } from './processNodes.ts';
import { sessionsOf } from './sessionsOf.ts';
import { versionsOf } from './versionsOf.ts';

/** What millrace made of a case, as the format writes it. */
export interface Actual {
  readonly outputs: Record<string, Output[]>;
  readonly stores: Record<string, StoreEntry[]>;
  readonly error?: CaseError & { readonly message: string };
}

export interface RunOptions {
  /**
   * Commit, and stop as if killed, after every step: nothing may come out differently. Wall-clock timers begin anew with their task,
   * in Kafka Streams too: where there are any, only at moments at which they would have begun another interval.
   */
  readonly restarts?: boolean;
  /** Behind steps that keep rows changes are held back until a commit, which follows each step: record caches. */
  readonly cached?: boolean;
}

export function runCase(testCase: Case, { restarts = false, cached = false }: RunOptions = {}): Actual {
  const outputs: Record<string, Output[]> = {};
  for (const { op, topic } of testCase.topology) if (op === 'to') outputs[topic] = [];
  const failed = (error: unknown, at: CaseError): Actual => {
    if (error instanceof NotSupported) throw error;
    return { outputs, stores: {}, error: { ...at, message: String(error) } };
  };
  const intervals = wallClockIntervals(testCase);
  let now = 0;
  let driver: Driver;
  try {
    driver = drive(describeCase(testCase, cached));
  } catch (error) {
    return failed(error, { phase: 'build' });
  }
  for (const [step, input] of testCase.inputs.entries()) {
    try {
      feed(driver, input);
      // What a commit lets go may be held again, further on.
      if (cached) for (const _ of testCase.topology) driver.commit();
    } catch (error) {
      return failed(error, { phase: 'run', step });
    }
    for (const [topic, records] of Object.entries(outputs)) {
      records.push(...driver.read(topic).map((record) => output(step, record)));
    }
    if ('advanceWallClock' in input) now += input.advanceWallClock;
    if (restarts && intervals.every((interval) => now % interval === 0)) {
      driver.commit();
      driver.restart();
    }
  }
  const stores = storesOf(driver, testCase, outputs);
  driver.close();
  return { outputs, stores };
}

const wallClockIntervals = ({ topology }: Case): number[] =>
  topology.flatMap(({ processor }) => (processor?.clock === 'wall' ? [processor.everyMs] : []));

function feed(driver: Driver, input: CaseInput): void {
  if ('advanceWallClock' in input) driver.advance(input.advanceWallClock);
  else {
    try {
      driver.send(input.topic, recordOf(input));
    } catch (error) {
      if (!leadsNowhere(error)) throw error;
    }
  }
}

export function recordOf({ key, value, timestamp, headers = [] }: CaseRecord): DriverRecord {
  return {
    key,
    value,
    timestamp,
    headers: headers.map(([name, text]) => [name, Buffer.from(text)] as const),
  };
}

/** A source of the case that leads nowhere is no part of the topology. */
export const leadsNowhere = (error: unknown): boolean =>
  error instanceof MillraceError && error.code === 'UNKNOWN_TOPIC';

export function output(step: number, { key, value, timestamp, headers }: Message<unknown, unknown>): Output {
  return {
    step,
    ...keyParts(key as AnyKey | null),
    value: value as Literal,
    timestamp,
    ...(headers.length > 0 && { headers: headers.map(([name, bytes]) => [name, String(bytes)] as const) }),
  };
}

/** Those that the case names. */
export function storesOf(
  driver: Pick<Driver, 'store'>,
  testCase: Case,
  outputs: Outputs,
  versions: 'as history' | 'as rows' = 'as history',
): Actual['stores'] {
  const rows = (name: string, kind: string): StoreEntry[] => {
    if (kind === 'session') return sessionsOf(contents(driver, name), name, testCase);
    if (kind !== 'versioned') return contents(driver, kind === 'plain' ? plainStore(name) : name);
    if (versions === 'as history') return versionsOf(driver, name, testCase, outputs);
    return [...contents(driver, name), ...contents(driver, `${name}-versions`)];
  };
  const expected = Object.entries(testCase.expected.stores ?? {});
  return Object.fromEntries(expected.map(([name, { kind }]) => [name, rows(name, kind)]));
}

function contents(driver: Pick<Driver, 'store'>, name: string): StoreEntry[] {
  return driver.store(name).map(([key, { value, timestamp }]) => ({
    ...keyParts(key as AnyKey),
    value: value as Literal,
    timestamp,
  }));
}

function keyParts(key: AnyKey | null): Pick<Output, 'key' | 'window'> {
  if (typeof key !== 'object' || key === null) return { key };
  const { start, end } = key;
  return { key: innermost(key), window: { start, end } };
}

function innermost(key: WindowKey<AnyKey>): Literal {
  return typeof key.key === 'object' ? innermost(key.key) : key.key;
}
