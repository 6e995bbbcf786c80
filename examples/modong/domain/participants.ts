/** An order as a room needs it. */
export interface Placed {
  readonly orderId: string;
  readonly boardKey: string;
  readonly userId: string;
  readonly placedAt: number;
}

/** The orders of one post. */
export interface Participants {
  readonly orders: readonly Placed[];
  /** Orders that did not fit in. */
  readonly beyond: number;
}

export const nobody: Participants = { orders: [], beyond: 0 };

/** `most` bounds the row of one post, which is rewritten with every order. */
export const join =
  (most: number) =>
  ({ orders, beyond }: Participants, order: Placed): Participants =>
    orders.length < most ? { orders: [...orders, order], beyond } : { orders, beyond: beyond + 1 };

export function leave({ orders, beyond }: Participants, { orderId }: Placed): Participants {
  const others = orders.filter((order) => order.orderId !== orderId);
  return { orders: others, beyond: others.length < orders.length ? beyond : Math.max(0, beyond - 1) };
}
