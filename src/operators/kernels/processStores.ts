import { checkCodec } from '../../dsl/codecs/checkCodec.ts';
import { checkStepName } from '../../dsl/names.ts';
import type { AnyCodec, StepContext, StoreSpec } from '../../dsl/node.ts';
import { checkOptions } from '../../dsl/options.ts';
import { Versions, versionStores } from '../../dsl/versions.ts';
import { type Duration, milliseconds } from '../../dsl/windows/duration.ts';
import { MillraceError } from '../../errors.ts';
import { checkTimestamp } from './checkTimestamp.ts';
import { processStore } from './processStore.ts';
import { processTimeStore } from './processTimeStore.ts';
import type { Turns } from './processTurns.ts';
import { processVersions } from './processVersions.ts';

/** A store of a process(): what is kept, and how its function sees it. */
export interface DescribedStore {
  readonly name: string;
  readonly specs: readonly StoreSpec[];
  open(task: StepContext, turns: Turns): unknown;
}

interface Given {
  readonly key: AnyCodec;
  readonly value: AnyCodec;
  readonly retention?: Duration;
  readonly versioned?: Duration;
}

/** The stores given to process(), checked. */
export function processStores(stores: unknown): readonly DescribedStore[] {
  if (stores === undefined) return [];
  checkOptions(stores, Object.keys(stores ?? {}), 'the stores of process()');
  return Object.entries(stores as Record<string, unknown>).map(([name, store]) => {
    checkStepName(name, 'store of process()');
    const what = `store ${name} of process()`;
    checkOptions(store, ['key', 'value', 'retention', 'versioned'], what);
    const given = (store ?? {}) as Given;
    checkCodec(given.key, `key of ${what}`);
    checkCodec(given.value, `value of ${what}`);
    if (given.retention !== undefined && given.versioned !== undefined) throw twoKinds(what);
    if (given.retention !== undefined)
      return timeStore(name, given, milliseconds(given.retention, `retention of ${what}`));
    if (given.versioned !== undefined)
      return versionedStore(name, given, milliseconds(given.versioned, `versioned of ${what}`));
    return keyValueStore(name, given);
  });
}

function keyValueStore(name: string, { key, value }: Given): DescribedStore {
  return {
    name,
    specs: [{ suffix: name, kind: 'keyValue', key, value }],
    open: (task, turns) => processStore(task.store(name), key, turns, timeChecked(task, name)),
  };
}

function timeStore(name: string, { key, value }: Given, retention: number): DescribedStore {
  if (retention === 0) throw forgetful(name);
  return {
    name,
    specs: [{ suffix: name, kind: 'timeline', key, value, windowSize: 0, retention }],
    open: (task, turns) => processTimeStore(task.windowStore(name), turns, timeChecked(task, name)),
  };
}

function versionedStore(name: string, { key, value }: Given, history: number): DescribedStore {
  return {
    name,
    specs: versionStores(key, value, history, name),
    open: (task, turns) =>
      processVersions(new Versions(task, history, name), turns, {
        time: timeChecked(task, name),
        value(given) {
          if (given !== null && given !== undefined) return given;
          throw noValue(task.step, name);
        },
      }),
  };
}

const timeChecked =
  ({ step }: StepContext, name: string) =>
  (time: unknown): number =>
    checkTimestamp(time, step, `The store ${name} was given`);

function twoKinds(what: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `The ${what} is of two kinds`, {
    expected: 'retention, for rows by key and time, or versioned, for what rows were',
    found: 'both',
    next: 'Leave one of them out, or make two stores.',
  });
}

function forgetful(name: string): MillraceError {
  return new MillraceError('INVALID_DURATION', `The store ${name} of process() would keep nothing`, {
    expected: 'a retention above zero',
    found: '0',
    next: "Write { key, value, retention: '1h' }.",
  });
}

function noValue(step: string, name: string): MillraceError {
  return new MillraceError('NULL_VALUE', `a row needs a value in store ${name}`, {
    step,
    found: 'null or undefined',
    next: 'Use delete() to remove a row.',
  });
}
