import { type Codec, json } from 'millrace';
import { z } from 'zod';

/** What flows through MODONG: neighbours order together, a host closes the post, a chat room opens. Times are epoch ms. */
export type OrderType = 'ORDER_DELIVERY' | 'ORDER_GROUP';

/** The host has ended a post: sent by board-service, without a key. */
export interface Close {
  readonly id: number;
  readonly orderType: OrderType;
  readonly name: string;
  /** The host. */
  readonly userId: string;
}

/** A post; its key is boardKeyOf(). The two kinds of posts are numbered apart, so only type and id together name one. */
export interface Board {
  readonly id: number;
  readonly orderType: OrderType;
  readonly name: string;
  readonly host: string;
  readonly dongCode: string;
  readonly closeTime: number;
  readonly state: 'open' | 'closed';
}

/** An order; its key is the order's id, a record without a value cancels it. */
export interface Order {
  readonly boardKey: string;
  readonly userId: string;
  readonly items: readonly Item[];
  readonly placedAt: number;
}

interface Item {
  readonly itemContent: string;
  readonly options: readonly { readonly optionContent: string }[];
  readonly quantity: number;
  readonly price: number;
}

/** A neighbour; the key is the user's id. */
export interface User {
  readonly nickname?: string | null | undefined;
  readonly image?: string | null | undefined;
  readonly deleted: boolean;
  readonly banned: boolean;
  readonly dong?: { readonly name: string; readonly code: string } | null | undefined;
}

export const boardKeyOf = ({ orderType, id }: Pick<Close, 'orderType' | 'id'>): string =>
  `${orderType}:${id}`;

export const amountOf = (order: Order): number =>
  order.items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);

const orderType = z.enum(['ORDER_DELIVERY', 'ORDER_GROUP']);
/** The one rule of coercion: ids of posts are numbers, also where a service sends digits; ids of users are text. */
const boardId = z
  .union([
    z
      .string()
      .regex(/^[1-9]\d*$/)
      .transform(Number),
    z.number(),
  ])
  .pipe(z.int().positive());
const userId = z.union([z.string().min(1), z.int().nonnegative().transform(String)]);
/** Refuses seconds, microseconds and local date-times that were taken for epoch ms. */
const epochMs = z.int().min(Date.UTC(2015, 0)).max(Date.UTC(2100, 0));

export const close: Codec<Close> = json(
  z.object({ id: boardId, orderType, name: z.string().min(1), userId }),
);

export const board: Codec<Board> = json(
  z.object({
    id: boardId,
    orderType,
    name: z.string(),
    host: userId,
    dongCode: z.string().min(1),
    closeTime: epochMs,
    state: z.enum(['open', 'closed']),
  }),
);

const item = z.object({
  itemContent: z.string(),
  options: z.array(z.object({ optionContent: z.string() })).readonly(),
  quantity: z.int().positive(),
  price: z.int().nonnegative(),
});

export const order: Codec<Order> = json(
  z.object({
    boardKey: z.string().regex(/^(ORDER_DELIVERY|ORDER_GROUP):[1-9]\d*$/),
    userId,
    items: z.array(item).readonly(),
    placedAt: epochMs,
  }),
);

export const user: Codec<User> = json(
  z.object({
    nickname: z.string().nullish(),
    image: z.string().nullish(),
    deleted: z.boolean().default(false),
    banned: z.boolean().default(false),
    dong: z.object({ name: z.string(), code: z.string() }).nullish(),
  }),
);
