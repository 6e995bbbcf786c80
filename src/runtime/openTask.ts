import { ActiveTask } from './activeTask.ts';
import { findPositions } from './findPositions.ts';
import type { TaskPlan } from './plan.ts';
import { restoreState } from './restoreState.ts';
import { openTaskHome } from './taskHome.ts';
import type { Poisoned, TaskSetting } from './taskSetting.ts';
import type { Producer } from './transport/transport.ts';

/** Opens a task: locks its folder, fences who ran it before, brings state up to date, finds its positions. */
export async function openTask(
  setting: TaskSetting,
  plan: TaskPlan,
  poisoned: Poisoned,
  signal: AbortSignal,
): Promise<ActiveTask> {
  const { names, clock, transport, exactlyOnce } = setting;
  const { subtopology, partition, id } = plan;
  const { stores } = subtopology;
  const home = await openTaskHome(setting.place, names.application, id, stores, clock, signal);
  let producer: Producer | undefined;
  try {
    const transactionalId = names.transactionalId(id);
    producer = await transport.producer({ ...setting.writing, ...(exactlyOnce && { transactionalId }) });
    const { storesSignature, backend, local } = home;
    const { onProgress } = setting;
    const restored = await restoreState(
      { task: id, stores, storesSignature, partition, names, backend, transport, clock, signal, onProgress },
      local,
    );
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
    );
    return new ActiveTask(setting, plan, { home, producer, positions, poisoned, ...restored });
  } catch (error) {
    home.close();
    // The reason to give up is the error at hand; a producer that cannot close cleanly times out at the broker.
    await producer?.close().catch(() => {});
    throw error;
  }
}
