import { boardKeyOf } from '../domain/inputs.ts';
import { dongs } from './dongs.ts';
import { edges } from './edges.ts';
import { random } from './random.ts';
import { type Event, type Pace, type Post, script } from './script.ts';

const shops = [
  '교촌치킨',
  '엽기떡볶이',
  '홍콩반점',
  '본죽',
  '스시마루',
  '버거앤프라이',
  '명동칼국수',
  '피자나라',
];
const goods = ['생수 40병', '휴지 30롤', '감자 10kg', '귤 5kg', '라면 40봉', '세제 6통'];
const nicknames = ['햇살', '바람', '구름', '별빛', '새벽', '노을', '파도', '숲길'];

/**
 * What the services of MODONG send in three days, told in `span` ms: neighbours, posts, orders, closes, and everything that
 * goes wrong with them. The same seed and pace, the same events.
 */
export function generate(seed: number, pace: Pace, posts = 120): readonly Event[] {
  const { below, pick } = random(seed);
  const story = script(pace);
  const users = Array.from({ length: 80 }, (_, n) => `user-${n + 1}`);
  for (const id of users)
    story.user(id, { nickname: `${pick(nicknames)}${below(1_000)}`, image: `/images/${id}.png` });
  edges(story);
  for (let n = 0; n < posts; n++) {
    const isDelivery = below(3) > 0;
    const post: Post = {
      id: 100 + n,
      orderType: isDelivery ? 'ORDER_DELIVERY' : 'ORDER_GROUP',
      name: pick(isDelivery ? shops : goods),
      host: pick(users),
      dongCode: pick(Object.keys(dongs)),
    };
    // The first is over at once, so that there is something to see.
    const open = n === 0 ? 0 : below(pace.span * 0.6);
    const close = n === 0 ? 1 : open + pace.span * 0.1 + below(pace.span * 0.3);
    story.post(post, 'open', open);
    for (let count = below(6); count > 0; count--) {
      const id = `order-${n}-${count}`;
      const at = open + below(close - open);
      const details = { quantity: 1 + below(3), price: 1_000 * (3 + below(20)) };
      story.order(id, boardKeyOf(post), pick(users), at, details);
      if (below(12) === 0) story.cancel(id, at + (close - at) / 2);
    }
    // Some stay open; some are ordered from when it is too late.
    if (below(10) > 0) story.close(post, close);
    else continue;
    if (below(12) === 0) story.order(`late-${n}`, boardKeyOf(post), pick(users), close + pace.grace * 1.5);
  }
  // Sorting is stable: what happens at once stays in the order it was told.
  return story.events.sort((a, b) => a.at - b.at);
}

const day = 86_400_000;
const seoul = 9 * 3_600_000;

/** The midnight in Seoul four days ago: three days on, the story is over and nothing lies in the future. */
export const lately = (now: number): number => Math.floor((now + seoul) / day) * day - seoul - 4 * day;
