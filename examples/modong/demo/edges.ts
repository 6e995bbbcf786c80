import { boardKeyOf } from '../domain/inputs.ts';
import type { OrderDetails, Post, Script } from './script.ts';

/** What goes wrong in a real neighbourhood. Posts below 100 and orders called 'edge-' are from here. */
export function edges(script: Script): void {
  const stage = staged(script);
  for (const id of ['kim', 'lee', 'park', 'choi', 'jung', 'kang']) {
    script.user(id, { nickname: id, image: `/images/${id}.png` });
  }
  closes(stage);
  unreadable(stage);
  people(stage);
  orders(stage);
  crowd(stage);
}

interface Stage {
  readonly script: Script;
  readonly early: number;
  readonly middle: number;
  readonly closing: number;
  /** The room is made, and everybody knows. */
  readonly afterwards: number;
  opened(id: number, more?: Partial<Post>): Post;
  /** Gives the order's id. */
  ordered(post: Post, userId: string, at?: number, more?: OrderDetails): string;
}

function staged(script: Script): Stage {
  const { span, grace } = script.pace;
  const early = 0.1 * span;
  const closing = 0.5 * span;
  let count = 0;
  return {
    script,
    early,
    middle: 0.3 * span,
    closing,
    afterwards: closing + grace * 1.5,
    opened(id, more = {}) {
      const usual = {
        id,
        orderType: 'ORDER_DELIVERY',
        name: `가게 ${id}`,
        host: 'kim',
        dongCode: '1168064000',
      } as const;
      const post = { ...usual, ...more };
      script.post(post, 'open', 0);
      return post;
    },
    ordered(post, userId, at = early, more = {}) {
      const id = `edge-${++count}`;
      script.order(id, boardKeyOf(post), userId, at, more);
      return id;
    },
  };
}

function closes({ script, closing, afterwards, opened, ordered }: Stage): void {
  // the test endpoint of board-service, whose post does not exist
  script.event({ id: 1, orderType: 'ORDER_DELIVERY', name: 'test-delivery', userId: '1' }, closing);
  // somebody else's post
  const foreign = opened(2);
  ordered(foreign, 'lee');
  script.post(foreign, 'closed', closing);
  script.event({ ...foreign, userId: 'lee' }, closing);
  // nobody ordered
  script.close(opened(3), closing);
  // one id for a delivery and a purchase, of which one stays open
  const delivery = opened(4);
  ordered(delivery, 'lee');
  ordered(opened(4, { orderType: 'ORDER_GROUP', name: '휴지 24롤' }), 'park');
  script.close(delivery, closing);
  // closed again: at once, and when the room is long there
  const twice = opened(5);
  ordered(twice, 'choi');
  for (const at of [closing, closing + 1, afterwards]) script.close(twice, at);
  // the event is out, the post was never saved
  const unsaved = opened(6);
  ordered(unsaved, 'lee');
  script.event({ ...unsaved, userId: unsaved.host }, closing);
  // a closing time nine hours off, as an older version wrote it: nobody goes by it
  const shifted = opened(7);
  ordered(shifted, 'kang');
  script.post(shifted, 'closed', closing, script.time(closing) + 9 * 3_600_000);
  script.event({ ...shifted, userId: shifted.host }, closing);
}

function unreadable({ script, closing, opened }: Stage): void {
  for (const bad of ['{"id": 8,', '', null, '[]', 'null', '{"id":8,"orderType":"ORDER_DELIVERY"}'])
    script.event(bad, closing);
  for (const orderType of ['ORDER_ALL', 'ORDER_PICKUP'])
    script.event({ id: 9, orderType, name: '?', userId: 'kim' }, closing);
  // ids of posts as text, of users as numbers: that much is mended
  script.user('7', { nickname: '일곱' });
  const numbered = opened(10, { host: '7' });
  script.post(numbered, 'closed', closing);
  script.event({ id: '10', orderType: 'ORDER_DELIVERY', name: numbered.name, userId: 7 }, closing);
}

function people({ script, middle, closing, early, opened, ordered }: Stage): void {
  // without a profile, deleted, banned, without a name
  script.user('gone', { nickname: '탈퇴', deleted: true });
  script.user('banned', { nickname: '정지', banned: true });
  script.user('nameless', { nickname: null, image: null });
  const strange = opened(11);
  for (const id of ['nobody', 'gone', 'banned', 'nameless']) ordered(strange, id);
  script.close(strange, closing);
  // a profile that changes between order and close
  script.user('moving', { nickname: 'before' });
  const moved = opened(12);
  ordered(moved, 'moving');
  script.user('moving', { nickname: 'after' }, middle);
  script.close(moved, closing);
  // one user with several orders, the host among those who ordered
  const often = opened(13);
  for (const [n, id] of ['lee', 'park', 'lee', 'kim', 'park'].entries()) ordered(often, id, early + n);
  script.close(often, closing);
  // names too long for the tables of chatting-service
  script.user('long', { nickname: '👨‍👩‍👧‍👦'.repeat(6) });
  const long = opened(14, { name: '엽기'.repeat(30) });
  ordered(long, 'long');
  script.close(long, closing);
}

function orders({ script, early, middle, closing, afterwards, opened, ordered }: Stage): void {
  // cancelled before the close; a cancellation of what was never ordered
  const fewer = opened(15);
  const regretted = ordered(fewer, 'lee');
  ordered(fewer, 'park');
  script.cancel(regretted, middle);
  script.cancel('edge-unknown', middle);
  script.close(fewer, closing);
  // after the close; on a post that never was
  const over = opened(16);
  ordered(over, 'lee');
  script.close(over, closing);
  ordered(over, 'choi', afterwards);
  script.order('edge-astray', 'ORDER_GROUP:99', 'lee', early);
  // a close that overtakes the order before it
  const overtaken = opened(17);
  script.close(overtaken, closing);
  const behind = closing + script.pace.grace * 0.2;
  ordered(overtaken, 'jung', behind, { placedAt: script.time(closing) - 1_000 });
}

/** Five hundred orders on one post, by four hundred neighbours. */
function crowd({ script, early, middle, closing, opened, ordered }: Stage): void {
  for (let n = 0; n < 400; n++) script.user(`crowd-${n}`, { nickname: `이웃 ${n}` });
  const popular = opened(18);
  for (let n = 0; n < 500; n++) {
    const at = early + (n / 500) * (middle - early);
    ordered(popular, `crowd-${n % 400}`, at, { quantity: 2, price: 900 });
  }
  script.close(popular, closing);
}
