import { policyFor } from '../dsl/policyFor.ts';
import type { MillraceError } from '../errors.ts';
import type { Names } from './names.ts';
import type { TaskPlan } from './plan.ts';
import { ofRecord } from './taskErrors.ts';
import type { Poisoned } from './taskSetting.ts';

/** Records that failed and are passed on instead of being processed when their task is opened again. */
export class PoisonedRecords {
  readonly #names: Names;
  readonly #byTask = new Map<string, Map<string, Map<number, MillraceError>>>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** By topic and offset. */
  of({ id }: TaskPlan): Poisoned {
    return this.#byTask.get(id) ?? new Map();
  }

  /** Remembers the record that failed, if its source wants such passed on. false: the failure stands. */
  add({ id, subtopology }: TaskPlan, error: MillraceError): boolean {
    const { topic, offset } = error.details;
    if (!ofRecord.has(error.code) || topic === undefined || offset === undefined) return false;
    const source = subtopology.sources.find((step) => this.#names.topic(step) === topic);
    if (policyFor(source?.operator.source?.onError ?? 'fail', error) === 'fail') return false;
    const byTopic = this.#byTask.get(id) ?? new Map<string, Map<number, MillraceError>>();
    const byOffset = byTopic.get(topic) ?? new Map<number, MillraceError>();
    byOffset.set(offset, error);
    this.#byTask.set(id, byTopic.set(topic, byOffset));
    return true;
  }
}
