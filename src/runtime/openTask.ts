import { MillraceError } from '../errors.ts';
import { ActiveTask } from './activeTask.ts';
import { claimChangelogs } from './changelogClaims.ts';
import { findPositions } from './findPositions.ts';
import { orOvertaken } from './orOvertaken.ts';
import type { TaskPlan } from './plan.ts';
import { type Restored, type RestoreParts, restoreState } from './restoreState.ts';
import { openTaskHome, type TaskHome } from './taskHome.ts';
import type { Poisoned, TaskSetting } from './taskSetting.ts';
import type { Producer } from './transport/transport.ts';

/**
 * Opens a task: locks its folder, unless it was followed here and its state is open already; fences who ran it before, brings
 * state up to date, finds its positions.
 */
export async function openTask(
  setting: TaskSetting,
  plan: TaskPlan,
  poisoned: Poisoned,
  signal: AbortSignal,
): Promise<ActiveTask> {
  const { names, clock, transport, exactlyOnce } = setting;
  const { subtopology, id } = plan;
  const { stores } = subtopology;
  const { application } = names;
  const { place, onWarning } = setting;
  const seed = setting.seed?.(plan, signal);
  const home =
    setting.followed(id) ??
    (await openTaskHome({ place, application, task: id, stores, clock, signal, onWarning, seed }));
  let producer: Producer | undefined;
  try {
    const transactionalId = names.transactionalId(id);
    producer = await transport.producer({ ...setting.writing, ...(exactlyOnce && { transactionalId }) });
    const restored = await restoreOwn(setting, plan, home, producer, signal);
    checkSources(plan, restored);
    const resets = new Map(
      subtopology.sources.map((source) => [
        names.topic(source),
        source.operator.source?.reset ?? ('earliest' as const),
      ]),
    );
    const positions = await findPositions(
      {
        task: plan,
        group: names.application,
        transport,
        clock,
        signal,
        exactlyOnce,
        stateful: stores.length > 0,
        resetOf: (topic) => resets.get(topic)!,
      },
      restored.commit,
    ).catch(async (error) => Promise.reject(await orOvertaken(error, setting, plan, restored.changelogs)));
    // Those of windows are told again each time, for retention takes what was said.
    const undescribed = stores.filter(
      ({ name, spec }) => spec.kind !== 'keyValue' || !restored.described.has(names.changelog(name)),
    );
    return new ActiveTask(setting, plan, { home, producer, positions, poisoned, undescribed, ...restored });
  } catch (error) {
    home.close();
    // The reason to give up is the error at hand; a producer that cannot close cleanly times out at the broker.
    await producer?.close().catch(() => {});
    throw error;
  }
}

/**
 * Makes the changelogs this task's own, and restores them. Exactly-once they are by the producer's fence; at-least-once, and
 * where somebody was at-least-once before, by a claim.
 */
async function restoreOwn(
  setting: TaskSetting,
  { id, subtopology: { stores }, partition }: TaskPlan,
  { backend, storesSignature, local }: TaskHome,
  producer: Producer,
  signal: AbortSignal,
): Promise<Restored> {
  const { names, transport, clock, exactlyOnce, throttle, onProgress, onWarning } = setting;
  const settle = (): Promise<void> => (exactlyOnce ? producer.commit(undefined) : producer.flush());
  const topics = stores.map(({ name }) => names.changelog(name));
  const claim = (): Promise<void> => claimChangelogs(topics, partition, producer, clock.now(), settle);
  const ours = { task: id, stores, storesSignature, partition, names, backend, producer, settle };
  const parts: RestoreParts = {
    ...ours,
    exactlyOnce,
    transport,
    clock,
    signal,
    throttle,
    onProgress,
    onWarning,
  };
  if (topics.length === 0) return local;
  if (!exactlyOnce) await claim();
  const restored = await restoreState(parts, local);
  const owners = [...restored.claims.values()].map((claims) => claims.at(-1)?.producerId);
  if (owners.every((owner) => owner === undefined || owner === producer.producerId)) return restored;
  await claim();
  return restoreState(parts, restored);
}

/** STATE_INCOMPATIBLE when nothing is read any more of what state was built from: somebody else's application has this name. */
function checkSources({ id, topics, partition }: TaskPlan, { commit }: Restored): void {
  const before = Object.keys(commit?.positions ?? {});
  if (before.length === 0 || before.some((topic) => topics.includes(topic))) return;
  throw new MillraceError('STATE_INCOMPATIBLE', `The state of task ${id} was built from other topics`, {
    partition,
    expected: `state of ${topics.join(', ')}`,
    found: `state of ${before.join(', ')}`,
    next: 'Give this application an id of its own. If its topics were renamed, reset it, or give its stores new names.',
  });
}
