import { boardKeyOf, type OrderType, type User } from '../domain/inputs.ts';

/** A record that some service sends. */
export interface Event {
  /** When it is sent, in ms since the beginning. */
  readonly at: number;
  readonly topic: 'boards' | 'orders' | 'users' | 'closes';
  readonly key: string | null;
  readonly value: string | null;
  /** When it happened, epoch ms. */
  readonly timestamp: number;
}

export interface Pace {
  /** ms in which posts are opened, ordered from and closed. */
  readonly span: number;
  /** The job's grace in ms. */
  readonly grace: number;
  /** The first moment of the story, epoch ms. */
  readonly base: number;
}

export interface Post {
  readonly id: number;
  readonly orderType: OrderType;
  readonly name: string;
  readonly host: string;
  readonly dongCode: string;
}

/** Writes down who does what when. `at` is in ms since the beginning; the story it tells takes three days. */
export interface Script {
  readonly pace: Pace;
  readonly events: Event[];
  /** When something happens in the story. */
  time(at: number): number;
  user(id: string, profile: Partial<User> | null, at?: number): void;
  /** What the outbox of board-service says of a post. */
  post(post: Post, state: 'open' | 'closed', at: number, closeTime?: number): void;
  /** An event in order-topic: whatever is given, text as it is. */
  event(value: unknown, at: number): void;
  /** The host ends a post: the outbox says so, and the event goes out. */
  close(post: Post, at: number): void;
  order(id: string, boardKey: string, userId: string, at: number, more?: OrderDetails): void;
  cancel(id: string, at: number): void;
}

export interface OrderDetails {
  readonly quantity?: number;
  readonly price?: number;
  /** Default: when it is sent. */
  readonly placedAt?: number;
}

const halfDay = 43_200_000;

export function script(pace: Pace): Script {
  const { span, grace, base } = pace;
  const events: Event[] = [];
  // Five half days for what is opened and closed, one for what comes after.
  const time = (at: number): number =>
    base +
    Math.round(at <= span ? (at / span) * 5 * halfDay : 5 * halfDay + ((at - span) / (3 * grace)) * halfDay);
  const put = (topic: Event['topic'], key: string | null, value: unknown, at: number): void => {
    const written = typeof value === 'string' || value === null ? value : JSON.stringify(value);
    events.push({ at: Math.round(at), topic, key, value: written, timestamp: time(at) });
  };
  const post: Script['post'] = (of, state, at, closeTime = time(at)) =>
    put('boards', boardKeyOf(of), { ...of, closeTime, state }, at);
  const event: Script['event'] = (value, at) => put('closes', null, value, at);
  return {
    pace,
    events,
    time,
    post,
    event,
    user: (id, profile, at = 0) => put('users', id, profile, at),
    close(of, at) {
      post(of, 'closed', at);
      event({ id: of.id, orderType: of.orderType, name: of.name, userId: of.host }, at);
    },
    order(id, boardKey, userId, at, { quantity = 1, price = 12_000, placedAt = time(at) } = {}) {
      const items = [{ itemContent: '치킨', options: [{ optionContent: '순한맛' }], quantity, price }];
      put('orders', id, { boardKey, userId, items, placedAt }, at);
    },
    cancel: (id, at) => put('orders', id, null, at),
  };
}
