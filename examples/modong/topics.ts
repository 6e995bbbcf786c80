import { type NewTopic, text, windowed } from 'millrace';

/** A prefix keeps runs of the demo apart on a broker that others use, too. */
export interface TopicNames {
  readonly boards: string;
  readonly orders: string;
  readonly users: string;
  readonly closes: string;
  readonly rooms: string;
  readonly lateOrders: string;
  readonly rejects: string;
  readonly deadCloses: string;
  readonly deadOrders: string;
  readonly dongDaily: string;
}

export function topicNames(prefix: string): TopicNames {
  return {
    boards: `${prefix}boards`,
    orders: `${prefix}orders`,
    users: `${prefix}users`,
    closes: `${prefix}order-topic`,
    rooms: `${prefix}chat-topic`,
    lateOrders: `${prefix}late-orders`,
    rejects: `${prefix}rejects`,
    deadCloses: `${prefix}order-topic.dlq`,
    deadOrders: `${prefix}orders.dlq`,
    dongDaily: `${prefix}dong-daily`,
  };
}

const compacted = { 'cleanup.policy': 'compact' };

export function newTopics(prefix: string, partitions: number): readonly NewTopic[] {
  const { boards, orders, users, dongDaily, ...events } = topicNames(prefix);
  return [
    ...[boards, orders, users, dongDaily].map((topic) => ({ topic, partitions, config: compacted })),
    ...Object.values(events).map((topic) => ({ topic, partitions })),
  ];
}

/** Keys of dong-daily: the dong, and the local day as a window. */
export const dongDay: ReturnType<typeof windowed<string>> = windowed(text, '1d');
