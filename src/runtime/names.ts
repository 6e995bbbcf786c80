import type { Step } from '../dsl/topology.ts';

/** Names of what an application keeps on the broker and on disk. Nothing else in the runtime puts names together. */
export interface Names {
  readonly application: string;
  /** The topic of a source or of a sink with a fixed topic, as the broker knows it. */
  topic(step: Step): string;
  repartition(topic: string): string;
  changelog(store: string): string;
  task(subtopology: string, partition: number): string;
  transactionalId(task: string): string;
}

export function namesOf(application: string): Names {
  return {
    application,
    topic: (step) => (step.internal ? `${application}-${step.topic}` : step.topic!),
    repartition: (topic) => `${application}-${topic}`,
    changelog: (store) => `${application}-${store}-changelog`,
    task: (subtopology, partition) => `${subtopology}_${partition}`,
    transactionalId: (task) => `${application}-${task}`,
  };
}
