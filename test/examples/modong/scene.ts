import { type Driver, drive } from 'millrace/testing';
import { boardKeyOf, type OrderType, type User } from '../../../examples/modong/domain/inputs.ts';
import type { ChatRoom, DongDay, LateOrder, Reject } from '../../../examples/modong/domain/results.ts';
import { type ModongOptions, modong } from '../../../examples/modong/job.ts';
import { topicNames } from '../../../examples/modong/topics.ts';
import { headerText, type Message, type WindowKey } from '../../../src/index.ts';

export interface TestPost {
  readonly id: number;
  readonly orderType: OrderType;
  readonly name: string;
  readonly host: string;
  readonly dongCode: string;
}

interface OrderDetails {
  readonly at?: number;
  readonly quantity?: number;
  readonly price?: number;
}

/** Noon in Seoul, where every scene begins. */
export const noon: number = Date.UTC(2026, 2, 1, 3);
export const grace = 5_000;
const topics = topicNames('');

/** A few neighbours on one partition. Time stands still but for wait(). */
export interface Scene {
  readonly driver: Driver;
  now(): number;
  user(id: string, profile: Partial<User> | null): void;
  /** A post of kim's in Yeoksam, open. */
  open(id: number, more?: Partial<TestPost>): TestPost;
  save(post: TestPost, state: 'open' | 'closed', closeTime?: number): void;
  order(id: string, post: TestPost | string, userId: string, more?: OrderDetails): void;
  cancel(id: string): void;
  /** Into order-topic, as it is. */
  event(value: unknown, at?: number): void;
  /** The host ends the post: the outbox and the event say so. */
  close(post: TestPost, at?: number): void;
  wait(ms: number): void;
  /** Lets the grace pass. */
  settle(): void;
  rooms(): ChatRoom[];
  lateOrders(): LateOrder[];
  rejects(): Reject[];
  /** Value and code of what went to order-topic.dlq. */
  deadLetters(): (readonly [value: string | null, code: string | null])[];
  /** dong, local day and figures. */
  dongDaily(): (readonly [dong: string, day: string, figures: DongDay])[];
}

export function scene(options: Omit<ModongOptions, 'grace' | 'prefix'> = {}): Scene {
  const driver = drive(modong({ ...options, grace }));
  let now = noon;
  driver.advance(noon);
  const send = (topic: string, key: string | null, value: unknown, timestamp = now): void => {
    const isRaw = typeof value === 'string' || value === null;
    driver.sendRaw(topic, { key, value: isRaw ? value : JSON.stringify(value), timestamp });
  };
  const wait = (ms: number): void => {
    now += ms;
    driver.advance(ms);
  };
  const values = <T>(topic: string): T[] => driver.read(topic).map(({ value }) => value as T);
  const save: Scene['save'] = (post, state, closeTime = now) =>
    send(topics.boards, boardKeyOf(post), { ...post, closeTime, state });
  const event: Scene['event'] = (value, at) => send(topics.closes, null, value, at);
  return {
    driver,
    now: () => now,
    wait,
    save,
    event,
    settle: () => wait(grace),
    user: (id, profile) => send(topics.users, id, profile),
    open(id, more = {}) {
      const post = {
        id,
        orderType: 'ORDER_DELIVERY',
        name: '교촌치킨',
        host: 'kim',
        dongCode: '역삼',
        ...more,
      } as const;
      save(post, 'open', now + 3_600_000);
      return post;
    },
    order(id, post, userId, { at = now, quantity = 1, price = 10_000 } = {}) {
      const boardKey = typeof post === 'string' ? post : boardKeyOf(post);
      const items = [{ itemContent: '치킨', options: [{ optionContent: '순살' }], quantity, price }];
      send(topics.orders, id, { boardKey, userId, items, placedAt: at });
    },
    cancel: (id) => send(topics.orders, id, null),
    close(post, at) {
      save(post, 'closed');
      event({ id: post.id, orderType: post.orderType, name: post.name, userId: post.host }, at);
    },
    rooms: () => values(topics.rooms),
    lateOrders: () => values(topics.lateOrders),
    rejects: () => values(topics.rejects),
    deadLetters: () => driver.read(topics.deadCloses).map(deadLetter),
    dongDaily() {
      driver.commit();
      return driver.read(topics.dongDaily).map(({ key, value }) => {
        const { key: dong, start } = key as WindowKey<string>;
        return [dong, localDay(start), value as DongDay] as const;
      });
    },
  };
}

function deadLetter(message: Message<unknown, unknown>): readonly [string | null, string | null] {
  const value = message.value as Buffer | string | null;
  return [value === null ? null : value.toString(), headerText(message, 'millrace.error.code')];
}

const localDay = (start: number): string =>
  new Intl.DateTimeFormat('sv', { timeZone: 'Asia/Seoul', dateStyle: 'short', timeStyle: 'short' }).format(
    start,
  );

/** Who sits in a room, in order. */
export const ids = (room: ChatRoom | undefined): string[] => room?.userList.map(({ id }) => id) ?? [];
